"""A Gitea release becomes a licensed update on a customer's site: the main story, beside a pretend Gitea."""

import pytest
from support.gitea_worlds import GiteaUnderTest
from support.journey import tell_the_story

from gitea_client.simulator import World, create_simulator, serve


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.26.4"])
def test_a_release_becomes_a_licensed_update_and_outlives_its_gitea(version, tmp_path):
    world = World()
    world.add_user("root1", is_admin=True)
    server = serve(create_simulator(world, version=version))
    gitea = GiteaUnderTest(server.base_url, "root1", world.add_token("root1"), (1, 26, 4), world)
    stopped = []

    def stop():
        if not stopped:
            stopped.append(True)
            server.stop()
            world.close()

    try:
        tell_the_story(gitea, server.base_url, stop, tmp_path)
    finally:
        stop()

"""A simulator that the tests of a module share, and a client with a clock of its own."""

import pytest
from support.gitea_worlds import Clock

from gitea_client.client import GiteaClient
from gitea_client.simulator import World, create_simulator, serve


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def server():
    world = World()
    app = create_simulator(world)
    world.add_user("root1", is_admin=True)
    world.add_user("olga")
    world.add_org("acme", owner="olga")
    world.add_repo("acme", "mod")
    with serve(app) as running:
        yield world, running.base_url


@pytest.fixture
def world(server):
    yield server[0]
    server[0].faults.clear()
    server[0].serve_direct = False
    server[0].max_response_items = 50


@pytest.fixture
def asked():
    return []


@pytest.fixture
def client(server, clock, asked):
    token = server[0].add_token("root1")
    with GiteaClient(
        server[1], token, clock=clock, sleep=clock.sleep, before_request=lambda: asked.append(1)
    ) as client:
        yield client

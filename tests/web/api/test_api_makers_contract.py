"""What machines may, as the simulator tells it, of the oldest and the newest Gitea that we support."""

import pytest

pytest.register_assert_rewrite("support.api_makers", "support.api_people")

from support.api_makers import MakersContract  # noqa: E402 -- after the line above
from support.gitea_worlds import simulated  # noqa: E402 -- as above


@pytest.fixture(params=["1.23.8", "1.26.4"], scope="module")
def gitea(request):
    with simulated(request.param) as running:
        yield running


class TestMakers(MakersContract):
    pass

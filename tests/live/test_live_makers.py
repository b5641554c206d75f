"""What machines may, as a real Gitea tells it of those who made their tokens."""

import pytest

pytest.register_assert_rewrite("support.api_makers", "support.api_people")

from support.api_makers import MakersContract  # noqa: E402 -- after the line above

pytestmark = pytest.mark.live


class TestMakers(MakersContract):
    pass

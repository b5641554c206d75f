"""Who somebody is, as a real Gitea tells it."""

import pytest

pytest.register_assert_rewrite("support.api_people")

from support.api_people import PeopleContract  # noqa: E402 -- after the line above

pytestmark = pytest.mark.live


class TestPeople(PeopleContract):
    pass

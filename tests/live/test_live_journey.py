"""A Gitea release becomes a licensed update on a customer's site: the main story, beside a real Gitea."""

import pytest
from support.journey import tell_the_story
from support.mortals import mortal


@pytest.fixture
def mortal_gitea(live_gitea):
    with mortal(live_gitea) as found:
        yield found


@pytest.mark.slow
def test_a_release_becomes_a_licensed_update_and_outlives_its_real_gitea(mortal_gitea, tmp_path):
    gitea, way, stop = mortal_gitea
    tell_the_story(gitea, way, stop, tmp_path)

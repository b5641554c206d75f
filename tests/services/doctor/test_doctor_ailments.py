"""Whatever a check can find is provoked here, and the advice that comes of it is the right one.

That nothing of it is found where nothing is broken, ``test_doctor_health.py`` proves.
"""

import contextlib

import ailments_gitea
import ailments_proxy
import ailments_repos
import ailments_storage
import pytest
from support.clinics import BY_NAME, clinic

from bridge.services.doctor.findings import Level
from bridge.services.doctor.registry import CHECKS, GROUPS

ALL = (
    *ailments_gitea.AILMENTS,
    *ailments_proxy.AILMENTS,
    *ailments_storage.AILMENTS,
    *ailments_repos.AILMENTS,
)


class Breaking(contextlib.ExitStack):
    """What a breaker may use: patches that end with the test, and calls at its end."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.setattr = monkeypatch.setattr


@pytest.mark.parametrize("ailment", ALL, ids=lambda each: each.id)
def test_what_is_broken_is_found_with_what_to_do_about_it(ailment, request, tmp_path, monkeypatch):
    url = request.getfixturevalue("sqlite_url" if ailment.database == "sqlite" else "postgres_url")
    with clinic(url, tmp_path) as patient, Breaking(monkeypatch) as breaking:
        ailment.breaks(patient, breaking)
        found = patient.one(ailment.check, ailment.code, **ailment.wishes)
    assert ailment.advice in found.fix
    assert found.level in {Level.WARNING, Level.ERROR}
    assert "{" not in found.sentence + found.fix


def test_every_outcome_that_is_not_well_is_provoked():
    outcomes = {(check.name, each.code) for check in CHECKS for each in check.outcomes if each.level is not Level.OK}
    assert {(each.check, each.code) for each in ALL} == outcomes


def test_every_outcome_that_is_not_well_says_what_to_do():
    for check in CHECKS:
        for outcome in check.outcomes:
            assert bool(outcome.fix) == (outcome.level is not Level.OK), (check.name, outcome.code)
            assert outcome.sentence.endswith("."), (check.name, outcome.code)


def test_every_check_has_a_name_of_its_own_a_group_with_a_title_and_needs_that_exist():
    assert len(BY_NAME) == len(CHECKS)
    assert {check.group for check in CHECKS} == set(GROUPS)
    for check in CHECKS:
        assert set(check.needs) <= set(BY_NAME)
        codes = [each.code for each in check.outcomes]
        assert len(codes) == len(set(codes))

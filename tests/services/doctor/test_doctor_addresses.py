"""The doctor knocks at every door that there is, and at doors only."""

import re

from address_shapes import shape

from bridge.services.doctor.addresses import API_LEVELS, API_WORDS, DOORS, GITEAS, doors
from bridge.web.api.catalogue import ALL, BASES

# Pages come to these addresses; the proxy leads there already.
TO_COME = {
    "/{}/{}/licenses/keys",
    "/{}/-/licensing",
    "/{}/-/licensing/keys",
}


# Below these a proxy leads everything to the bridge, so one address stands for all.
WHOLE = ("/-/licensing/", "/{}/{}/licenses/", "/{}/-/licensing/")


def test_every_address_of_the_web_side_is_knocked_at(installation):
    rules = [str(rule) for rule in installation.client().application.url_map.iter_rules()]
    answered = {shape(rule) for rule in rules if not rule.startswith("/api/v1/")}
    doors_there_are = {shape(path) for _, path in DOORS}
    assert {path for path in answered if not path.startswith(WHOLE)} <= doors_there_are
    assert doors_there_are - TO_COME <= answered
    for beginning in WHOLE:
        assert any(path.startswith(beginning) for path in doors_there_are)


def test_every_part_of_the_api_is_knocked_at():
    assert set(API_WORDS) == {each.path.partition("/")[0] for each in ALL}
    assert {shape(level) for level in API_LEVELS} == {shape(base) for base in BASES.values()}


def test_no_blank_is_left_and_names_are_quoted():
    for _, path in doors("a b", "c&d"):
        assert not re.search(r"[{} ]", path)


def test_what_is_giteas_is_no_door():
    assert not {shape(path) for path in GITEAS} & {shape(path) for _, path in DOORS}

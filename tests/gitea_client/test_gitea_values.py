"""JSON becomes values, or a ``BadAnswer`` that says why not."""

import dataclasses
from datetime import UTC, datetime

import pytest

from gitea_client.errors import BadAnswer
from gitea_client.values import (
    Account,
    AccountRef,
    ApiSettings,
    Asset,
    Hook,
    Permissions,
    Release,
    Repository,
    ServerVersion,
    Team,
    Variable,
)

UUID = "a518bf3f-7fe5-4c37-899a-5d8164303562"
OWNER = {"id": 8, "login": "acme", "full_name": "Acme Extensions"}
ASSET = {"id": 1, "uuid": UUID, "name": "mod.zip", "size": 529, "created_at": "2026-11-23T14:18:01Z"}
RELEASE = {
    "id": 1,
    "tag_name": "v1.0.0",
    "name": "1.0.0",
    "body": "First",
    "draft": False,
    "prerelease": True,
    "created_at": "2026-11-23T16:18:00+02:00",
    "author": OWNER,
    "assets": [ASSET],
}
REPO = {"id": 1, "owner": OWNER, "name": "mod", "full_name": "acme/mod", "private": False}
TEAM = {"id": 2, "name": "Sales", "permission": "none", "units_map": {"repo.releases": "write", "repo.code": "read"}}
HOOK = {"id": 1, "config": {"url": "http://x/", "content_type": "json"}, "events": ["push"], "active": True}
USER = {"id": 3, "login": "sam"}
VARIABLE = {"name": "licensing_x", "data": "joomla"}

WHOLE = [
    (Asset.from_json, ASSET),
    (Release.from_json, RELEASE),
    (Repository.from_json, REPO),
    (Team.from_json, TEAM),
    (Hook.from_json, HOOK),
    (Account.from_user_json, USER),
    (Account.from_org_json, {"id": 8, "name": "acme"}),
    (AccountRef.from_json, OWNER),
    (AccountRef.from_userinfo_json, {"sub": "2", "preferred_username": "olga"}),
    (Variable.from_json, VARIABLE),
    (ServerVersion.from_json, {"version": "1.26.4"}),
    (ApiSettings.from_json, {"max_response_items": 50, "default_paging_num": 30}),
    (Permissions.from_json, {"admin": True, "push": True, "pull": True}),
]


def name_of(case):
    return getattr(case, "__qualname__", "")


@pytest.mark.parametrize(("read", "data"), WHOLE, ids=name_of)
def test_unknown_fields_change_nothing(read, data):
    assert read({**data, "something_new": {"deep": [1]}}) == read(data)


@pytest.mark.parametrize(("read", "data"), WHOLE, ids=name_of)
def test_values_are_frozen_and_equal_by_content(read, data):
    value = read(data)
    assert hash(value) == hash(read(data))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, None)


@pytest.mark.parametrize("wrong", [[], None, "text", 5, True], ids=repr)
@pytest.mark.parametrize(("read", "data"), WHOLE, ids=name_of)
def test_anything_but_an_object_is_a_bad_answer(read, data, wrong):
    with pytest.raises(BadAnswer, match="object"):
        read(wrong)


@pytest.mark.parametrize(
    ("read", "data", "wrong"),
    [
        (read, data, wrong)
        for read, data, field, values in [
            (Asset.from_json, ASSET, "id", [None, 0, -1, "1", True, 1.0]),
            (Asset.from_json, ASSET, "uuid", [None, "../../etc/passwd", UUID.upper(), UUID + "x", 5]),
            (Asset.from_json, ASSET, "size", [None, -1, "529", True]),
            (Asset.from_json, ASSET, "created_at", [None, "yesterday", "2026-11-23T14:18:01", 0]),
            (Release.from_json, RELEASE, "id", [None, 0, "1"]),
            (Release.from_json, RELEASE, "tag_name", [None, 1]),
            (Release.from_json, RELEASE, "draft", [None, 0, "false"]),
            (Release.from_json, RELEASE, "assets", [{}, "none", [None], [[]]]),
            (Repository.from_json, REPO, "owner", [None, [], "acme", {"login": "acme"}]),
            (Repository.from_json, REPO, "private", [None, "false", 0]),
            (Repository.from_json, REPO, "permissions", [[], {}, {"admin": 1, "push": False, "pull": False}]),
            (Team.from_json, TEAM, "units_map", [[], {"repo.code": 1}]),
            (Hook.from_json, HOOK, "config", [None, [], {}]),
            (Hook.from_json, HOOK, "events", ["push", [1]]),
            (Account.from_user_json, USER, "id", [None, 0, -2]),
            (Account.from_user_json, USER, "is_admin", ["true", 1]),
            (Variable.from_json, VARIABLE, "data", [None, 1, []]),
            (ServerVersion.from_json, {}, "version", [None, 1, "", "main"]),
            (ApiSettings.from_json, {"default_paging_num": 30}, "max_response_items", [None, 0, "50"]),
            (AccountRef.from_userinfo_json, {"preferred_username": "x"}, "sub", [None, 2, "-2", "", "²"]),
        ]
        for wrong in ({field: value} for value in values)
    ],
)
def test_a_missing_or_wrong_field_is_a_bad_answer_that_names_it(read, data, wrong):
    with pytest.raises(BadAnswer) as caught:
        read({**data, **wrong})
    assert str(caught.value)


def test_a_release_carries_what_gitea_said():
    release = Release.from_json(RELEASE)
    assert release.created_at == datetime(2026, 11, 23, 14, 18, tzinfo=UTC)
    assert (release.tag, release.title, release.notes, release.prerelease) == ("v1.0.0", "1.0.0", "First", True)
    assert release.assets[0].uuid == UUID


@pytest.mark.parametrize("assets", [None, []])
def test_a_release_may_have_no_assets_and_no_author(assets):
    release = Release.from_json({**RELEASE, "assets": assets, "author": None})
    assert (release.assets, release.author) == ((), None)


@pytest.mark.parametrize(
    ("raw", "parts", "supported"),
    [
        ("1.26.4", (1, 26, 4), True),
        ("1.23.0", (1, 23, 0), True),
        ("1.22.6", (1, 22, 6), False),
        ("1.27.0+dev-12-gabcdef", (1, 27, 0), True),
        ("1.27.0-rc0", (1, 27, 0), True),
        ("v2.0", (2, 0, 0), True),
    ],
)
def test_versions_compare_by_number(raw, parts, supported):
    version = ServerVersion.from_json({"version": raw})
    assert (version.raw, version.parts, version.supported) == (raw, parts, supported)


def test_rights_per_unit_are_readable_as_a_dictionary_of_ones_own():
    team = Team.from_json(TEAM)
    team.units_map["repo.code"] = "admin"
    assert team.units_map == {"repo.code": "read", "repo.releases": "write"}


def test_an_org_is_always_active_whatever_its_user_form_says():
    org = Account.from_org_json({"id": 8, "name": "acme", "full_name": "Acme"})
    assert (org.login, org.kind, org.active, org.is_admin) == ("acme", "org", True, False)


def test_variables_are_known_by_their_upper_case_name():
    assert Variable.from_json(VARIABLE) == Variable(name="LICENSING_X", value="joomla", description="")

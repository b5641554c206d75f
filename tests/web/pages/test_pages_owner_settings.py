"""An owner's streams and teams: written into Gitea, where they live, and refused in words where they can't be."""

import pytest
from support.page_visits import Pages, form_at

from gitea_client.levels import Level

PATH = "/acme/-/licensing/settings"


def variables(pages: Pages) -> dict[str, str]:
    found = pages.made.parts.gitea.variables(Level.org("acme"))
    return {name: each.value for name, each in found.items() if name.startswith("LICENSING_")}


def send(visitor, **fields):
    return visitor.post(PATH, {**form_at(visitor.text(PATH), PATH), **fields})


def test_what_stands_is_shown_with_the_teams_of_gitea(shared: Pages):
    shown = form_at(shared.visitor().text(PATH), PATH)
    assert shown["which_streams"] == "usual"
    assert [shown[f"name_{number}"] for number in range(6)] == ["stable", "rc", "beta", "alpha", "dev", ""]
    teams = {shown[f"team_{number}"]: shown[f"role_{number}"] for number in range(4)}
    assert teams == {"auditors": "viewer", "helpdesk": "support", "locals": "manager", "sales": "manager"}


def test_streams_and_roles_are_written_into_gitea_and_in_force_at_once(pages: Pages):
    visitor = pages.visitor()
    streams = {
        "which_streams": "own",
        "name_0": "lts",
        "as_0": "stable",
        "name_1": "beta",
        "as_1": "beta",
        "open_1": "1",
    }
    rest = {f"name_{number}": "" for number in range(2, 8)}
    answer = send(visitor, **streams, **rest, role_0="", role_1="manager")
    assert (answer.status_code, answer.headers["Location"]) == (303, PATH)
    assert variables(pages)["LICENSING_STREAMS"] == "lts=stable, beta+"
    assert variables(pages)["LICENSING_TEAMS"] == "helpdesk: manager, locals: manager, sales: manager"
    text = visitor.text(PATH)
    assert "Saved in Gitea, and in force now." in text
    assert pages.api.get("orgs/acme/licensing").json["streams"] == ["lts=stable", "beta+"]
    assert pages.browser().sign_in("vera", PATH).status_code == 303
    pages.visitors.pop("viewer", None)
    assert pages.visitor("viewer").get(PATH).status_code == 403, "the auditors have no role any more"
    assert send(visitor, which_streams="usual").status_code == 303
    assert "LICENSING_STREAMS" not in variables(pages)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"which_streams": "own", "name_0": "Big Stream!"}, "e-streams"),
        ({"which_streams": "own", "name_1": "stable"}, "e-streams"),
    ],
)
def test_streams_that_nobody_could_read_are_refused_and_stay_typed(shared: Pages, fields, says):
    before = variables(shared)
    answer = send(shared.visitor(), **fields)
    text = answer.get_data(as_text=True)
    assert (answer.status_code, f'id="{says}"' in text) == (422, True)
    assert fields.get("name_0", "stable") in text
    assert variables(shared) == before


def test_the_second_of_two_tabs_is_told(pages: Pages):
    visitor = pages.visitor()
    old = form_at(visitor.text(PATH), PATH)
    assert pages.api.patch("orgs/acme/licensing", {"teams": {"sales": "viewer"}}).status_code == 200
    answer = visitor.post(PATH, {**old, "role_0": "manager"})
    assert (answer.status_code, "Somebody changed this" in answer.get_data(as_text=True)) == (409, True)
    assert variables(pages)["LICENSING_TEAMS"] == "sales: viewer"


def test_a_personal_account_has_no_teams_and_others_may_look_only(shared: Pages):
    dora = shared.browser()
    dora.sign_in("dora", "/dora/-/licensing/settings")
    assert "A personal account has no teams" in dora.text("/dora/-/licensing/settings")
    text = shared.visitor("viewer").text(PATH)
    assert ("You may look." in text, ">Save</button>" in text) == (True, False)

"""Who changed what: narrowed by what, whom and when, and taken along as a file."""

import csv
import io
import json

import pytest
from support.page_visits import Pages

from bridge.storage.audits import record

OWNER = "/acme/-/licensing/audit"


@pytest.fixture(scope="module")
def changed(shared: Pages) -> Pages:
    """A key was revoked by Olga over the API, and another's expiry changed."""
    api = shared.api
    api.post(f"{api.key_path('local')}/revoke", {"reason": "=cmd|' /C calc'!A0"})
    api.patch(api.key_path("annual"), {"note": "seen <b>by</b> Olga"})
    return shared


def rows(pages: Pages, query: str = "") -> list[dict[str, str]]:
    answer = pages.visitor().get(f"{OWNER}/changes.csv{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def test_each_change_says_who_what_and_when(changed: Pages):
    text = changed.visitor("manager").text(OWNER)
    key = changed.api.keys["annual"].id
    assert f'<a href="/acme/-/licensing/keys/{key}">key {key}</a>' in text
    assert "<code>key.edit</code>" in text
    assert "seen &lt;b&gt;by&lt;/b&gt; Olga" in text


def test_changes_are_narrowed_by_what_about_what_whom_and_when(changed: Pages):
    olga = changed.made.world.account("olga").id
    assert {each["action"] for each in rows(changed, "?action=key.revoke")} == {"key.revoke"}
    assert {each["action"].partition(".")[0] for each in rows(changed, "?action=key")} == {"key"}
    assert {each["actor"] for each in rows(changed, f"?actor=gitea:{olga}")} == {f"gitea:{olga}"}
    assert {each["actor"] for each in rows(changed, "?actor=gitea")} == {f"gitea:{olga}"}
    assert rows(changed, "?action=ke") == [], "a word is whole"
    assert rows(changed, "?since=2026-03-02") == []
    assert rows(changed, "?until=2026-02-28") == []
    assert len(rows(changed, "?since=2026-03-01&until=2026-03-01")) == len(rows(changed))
    text = changed.visitor().text(f"{OWNER}?action=key.nothing")
    assert "No change fits" in text


def test_a_day_that_is_none_is_told_at_its_field(changed: Pages):
    answer = changed.visitor().get(f"{OWNER}?since=yesterday")
    assert (answer.status_code, 'id="e-since"' in answer.get_data(as_text=True)) == (422, True)
    assert changed.visitor().get(f"{OWNER}/changes.csv?since=yesterday").status_code == 400


def test_files_hold_everything_and_no_formula(changed: Pages, monkeypatch):
    from bridge.web.pages import audit

    monkeypatch.setattr(audit, "_AT_ONCE", 3)
    table = rows(changed)
    answer = changed.visitor().get(f"{OWNER}/changes.ndjson")
    assert answer.content_type == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert [each["subject"] for each in lines] == [each["subject"] for each in table]
    assert len(lines) > 6, "in several parts"
    revoked = next(each for each in lines if each["action"] == "key.revoke")
    assert revoked["after"]["reason"] == "=cmd|' /C calc'!A0"
    assert not any(cell.startswith("=") for row in table for cell in row.values())
    assert (
        'filename="changes-2026-03-01.csv"'
        in changed.visitor().get(f"{OWNER}/changes.csv").headers["Content-Disposition"]
    )


def test_a_repo_shows_its_own_changes_only(changed: Pages):
    with changed.made.parts.open_session() as session:
        from bridge.storage import catalog
        from bridge.storage.audits import Actor

        owner = catalog.owner_by_name(session, "acme")
        record(session, Actor("test"), "key.elsewhere", changed.made.clock(), subject="key:1", owner_id=owner.id)
    assert "key.elsewhere" in changed.visitor().text(OWNER)
    assert "key.elsewhere" not in changed.visitor().text("/acme/mod-weather/licenses/audit")


@pytest.mark.parametrize("name", ["subject", "actor", "action"])
def test_what_no_change_can_be_called_is_refused_for_the_page_and_its_files(shared: Pages, name):
    visitor = shared.visitor()
    answers = [visitor.get(f"{OWNER}{path}?{name}=key%00") for path in ("", "/changes.csv", "/changes.ndjson")]
    assert [each.status_code for each in answers] == [422, 400, 400]
    assert all("printable" in each.get_data(as_text=True) for each in answers)

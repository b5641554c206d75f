"""The site admin's pages: owners, health, the queue, the doctor's findings, deletions."""

from sqlmodel import select
from support.page_visits import Pages

from bridge.models import Repo
from bridge.services.doctor.registry import CHECKS
from bridge.storage import refreshes, usage
from bridge.web.pages.site_admin import HERE

SITE = "/-/licensing"


def test_every_owner_stands_there_with_what_it_has(shared: Pages):
    text = shared.visitor("site_admin").text(f"{SITE}/")
    for owner in ("acme", "beta", "dora"):
        assert f'href="/{owner}/-/licensing">{owner}</a>' in text
    assert "Named in bridge.owners, and not seen yet" not in text
    assert shared.visitor("site_admin").get(SITE).status_code in {301, 308}, "with a slash or without"
    answer = shared.visitor("owner").get(f"{SITE}/")
    assert (answer.status_code, "Site admins can." in answer.get_data(as_text=True)) == (403, True)


def test_a_worker_that_is_late_and_a_repo_that_cannot_be_read_are_told(pages: Pages):
    made, visitor = pages.made, pages.visitor("site_admin")
    assert "The background worker has never run." in visitor.text(f"{SITE}/")
    with made.parts.open_session() as session:
        usage.beat(session, "worker", made.clock())
        refreshes.enqueue(
            session, made.world.repo("acme", "mod-weather").id, "acme/mod-weather", "a push", made.clock()
        )
    text = visitor.text(f"{SITE}/queue")
    assert 'class="label good">alive' in text
    assert "acme/mod-weather" in text
    assert "a push" in text
    made.clock.turn(minutes=10)
    text = visitor.text(f"{SITE}/queue")
    assert 'class="label bad">late' in text
    assert "due for 10 minutes" in text
    assert "600 seconds ago" in visitor.text(f"{SITE}/")


def test_the_doctor_says_what_it_finds_here(shared: Pages):
    text = shared.visitor("site_admin").text(f"{SITE}/doctor")
    assert "The database is at" in text
    assert "The worker has never run." in text
    assert "Start `bridge serve`" in text
    assert f"{len(CHECKS) - len(HERE)} more checks" in text
    names = {check.name: check for check in CHECKS}
    assert set(HERE) <= set(names)
    assert all(set(names[name].needs) <= set(HERE) for name in HERE), "or the doctor would wait for ever"


def test_what_was_deleted_and_what_is_gone_stand_there(pages: Pages):
    api, visitor = pages.api, pages.visitor("site_admin")
    assert "Nothing was deleted" in visitor.text(f"{SITE}/deletions")
    key = api.new_key("Local")
    assert api.delete(f"orgs/acme/license-keys/{key.id}", "site_admin").status_code == 204
    with pages.made.parts.open_session() as session:
        session.exec(select(Repo).where(Repo.name == "solo")).one().absent_since = pages.made.clock()
    text = visitor.text(f"{SITE}/deletions")
    assert f"key {key.id}</td>" in text
    assert "dora/solo" in text

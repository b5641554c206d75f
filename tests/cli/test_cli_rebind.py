"""``bridge repo rebind``: a repo that was made anew, or a Gitea that moved, and everything goes on."""

import pytest
from sqlmodel import select
from support.databases import ONLY_SQLITE
from support.shells import Shell, prepare
from support.zips import joomla_module

from bridge.models import (
    Audit,
    Customer,
    LicenseKey,
    Owner,
    Package,
    PackageRepo,
    PaymentAccount,
    PriceMap,
    Release,
    Repo,
    UsageDay,
)
from bridge.storage import catalog

CLOSED = {"LICENSING_PLATFORM": "joomla", "LICENSING_REQUIRE_KEY": "true"}
FEED = "/acme/mod-weather/updates.xml"
FILE = "/acme/mod-weather/downloads/v{}/mod_weather.zip"


@pytest.fixture
def shell(database_url, tmp_path, wide_screen, monkeypatch, capsys):
    """As everywhere, on both databases."""
    made, config = prepare(database_url, tmp_path)
    yield Shell(made, config, monkeypatch, capsys)
    made.close()


@pytest.fixture
def sold(shell):
    """Two keys, one of the repo's own package and one of the owner's, both used by a site; and where they are."""
    made = shell.installation
    old_id = made.world.repo("acme", "mod-weather").id
    own = made.key(made.package("acme", "Own", repo="mod-weather"), customer_email="ann@example.com")
    whole = made.key(made.package("acme", "Whole", repo_ids=(old_id,)), customer_email="bob@example.com")
    client = made.client()
    for key in (own, whole):
        assert versions(client, key) != []
        assert client.get(f"{FEED}?dlid={key.code}&domain=a.example").status_code == 200
    made.parts.usage.flush()
    return own, whole, old_id


def versions(client, key):
    from xml.etree import ElementTree as ET

    answer = client.get(f"{FEED}?dlid={key.code}")
    return [each.text for each in ET.fromstring(answer.data).iter("version")]


def make_anew(made, *, owner=False, version="2.0.0"):
    """Delete the repo (with its owner) in Gitea and make it again, with one release; returns the new id."""
    world = made.world
    world.delete_repo("acme", "mod-weather")
    if owner:
        world.rename_account("acme", "acme-before")
        world.add_org("acme", owner="acme-boss")
    repo_id = made.add_product("acme", "mod-weather", **CLOSED)
    for each in ("1.0.0", version):
        world.publish_release(
            "acme", "mod-weather", f"v{each}", files={"mod_weather.zip": joomla_module("weather", each)}
        )
    return repo_id


def rows(made, *queries):
    with made.parts.open_session(read_only=True) as session:
        return [session.exec(query).all() for query in queries]


def fresh(made):
    for name in ("products", "gate", "recollection"):
        vars(made.parts).pop(name, None)
    return made.client()


def test_what_was_remembered_of_a_repo_goes_over_to_the_one_made_anew(shell, sold):
    made, (own, whole, old_id) = shell.installation, sold
    counted = sum(row.count for row in rows(made, select(UsageDay).where(UsageDay.repo_id == old_id))[0])
    seen = rows(made, select(Release.first_seen_at).where(Release.repo_id == old_id, Release.tag == "v1.0.0"))[0]
    made.clock.turn(days=1)
    new_id = make_anew(made)
    assert "2 packages" not in shell.ok("repo", "rebind", old_id, "acme/mod-weather").out
    client = fresh(made)
    assert versions(client, own) == versions(client, whole) == ["2.0.0", "1.0.0"]
    assert client.get(f"{FILE.format('2.0.0')}?dlid={own.code}&domain=a.example").status_code == 200
    assert client.get(f"/acme/mod-weather/updates/{own.token}.xml").data.count(b"<version>") == 2
    gone = client.get(f"/acme/mod-weather/downloads/v1.1.0-rc1/mod_weather-1.1.0-rc1.zip?dlid={whole.code}")
    assert gone.status_code in {403, 410}  # withdrawn, and no longer on offer
    listed, packages, left = rows(
        made,
        select(PackageRepo.repo_id),
        select(Package.repo_id).where(Package.name == "Own"),
        select(UsageDay).where(UsageDay.repo_id == old_id),
    )
    assert (listed, packages, left) == ([new_id], [new_id], [])
    after = rows(made, select(UsageDay).where(UsageDay.repo_id == new_id, UsageDay.kind == "feed"))[0]
    assert sum(row.count for row in after) >= counted
    again = rows(made, select(Release.first_seen_at).where(Release.tag == "v1.0.0", Release.withdrawn_at.is_(None)))[0]
    assert again == seen
    (told,) = rows(made, select(Audit).where(Audit.action == "repo.rebind"))[0]
    assert (told.repo_id, told.before["repo_id"], told.after["keys"]) == (new_id, old_id, 1)
    assert told.actor.startswith("cli:")


def test_a_second_time_there_is_nothing_left_to_go_over(shell, sold):
    made, (own, _, old_id) = shell.installation, sold
    make_anew(made)
    shell.ok("repo", "rebind", old_id, "acme/mod-weather")
    assert "0 packages, 0 keys" in shell.ok("repo", "rebind", old_id, "acme/mod-weather", "--merge").out
    assert versions(fresh(made), own) == ["2.0.0", "1.0.0"]


def test_an_owner_who_was_made_anew_takes_everything_along_when_told(shell, sold):
    made, (own, whole, old_id) = shell.installation, sold
    old_owner = rows(made, select(Repo.owner_id).where(Repo.id == old_id))[0][0]
    make_anew(made, owner=True)
    shell.ok("repo", "rebind", old_id, "acme/mod-weather", "--with-owner")
    client = fresh(made)
    assert versions(client, own) == versions(client, whole) == ["2.0.0", "1.0.0"]
    owners, keys, masters = rows(
        made,
        select(Owner.id).where(Owner.name == "acme"),
        select(LicenseKey.owner_id).distinct(),
        select(LicenseKey.id).where(LicenseKey.is_master),
    )
    assert (len(owners), keys, masters) == (1, owners, [1])  # the former owner's master key, and no other
    assert old_owner not in owners
    known = rows(made, select(Customer.owner_id, Customer.email))[0]
    assert set(known) == {(owners[0], f"{name}@example.com") for name in ("ann", "bob")}


def test_without_that_the_owners_keys_stay_behind_and_the_repos_own_go_along(shell, sold):
    made, (own, whole, old_id) = shell.installation, sold
    make_anew(made, owner=True)
    with made.parts.open_session() as session:  # the worker has seen that nothing of the former owner is left
        for repo, _ in catalog.repos_of(session):
            repo.absent_since, repo.served = made.clock(), False
    _sell(made, own)
    said = shell.ok("repo", "rebind", old_id, "acme/mod-weather").out
    assert "payment accounts stayed too, and sell nothing any more by: price_1." in said
    assert "With the former owner stayed: Master" in said
    assert "Whole" in said
    client = fresh(made)
    assert (versions(client, own), versions(client, whole)) == (["2.0.0", "1.0.0"], [])
    assert rows(made, select(PackageRepo.repo_id))[0] == [old_id]  # it must not begin to open all that there is


def _sell(made, key):
    """Let the package of a key have a price at an account of its owner."""
    with made.parts.open_session() as session:
        row = session.get_one(LicenseKey, key.id)
        account = PaymentAccount(
            owner_id=row.owner_id,
            provider="stripe",
            mode="live",
            source="stripe",
            endpoint="0" * 32,
            created_at=made.clock(),
        )
        session.add(account)
        session.flush()
        price = PriceMap(account_id=account.id, match_type="price", match_value="price_1", package_id=row.package_id)
        session.add(price)


@ONLY_SQLITE
def test_what_would_mix_is_refused_and_changes_nothing(shell, sold):
    made, old_id = shell.installation, sold[2]
    still = shell.run("repo", "rebind", old_id, "acme/mod-weather")
    assert (still.code, "nothing to do" in still.err) == (4, True)
    other = made.add_product("acme", "mod-other", **CLOSED)
    there = shell.run("repo", "rebind", old_id, "acme/mod-other")
    assert (there.code, f"still has a repo with the id {old_id}" in there.err) == (4, True)
    new_id = make_anew(made)
    made.refresh("acme", "mod-weather")
    made.package("acme", "own", repo="mod-weather")
    for words, sentence in (((), "say --merge"), (("--merge",), "both repos have a package named Own")):
        refused = shell.run("repo", "rebind", old_id, "acme/mod-weather", *words)
        assert (refused.code, sentence in refused.err) == (4, True), refused.err
    packages, audits = rows(made, select(Package.repo_id).where(Package.name == "Own"), select(Audit.action))
    assert packages == [old_id] != [new_id] != [other]
    assert "repo.rebind" not in audits
    assert shell.run("repo", "rebind", 4711, "acme/mod-weather").code == 3
    assert shell.run("repo", "rebind", old_id, "acme/nothing").code == 3


@ONLY_SQLITE
def test_two_sets_of_packages_are_there_when_told_to_merge(shell, sold):
    made, (own, _, old_id) = shell.installation, sold
    new_id = make_anew(made)
    made.refresh("acme", "mod-weather")
    fresh_key = made.key(made.package("acme", "Fresh", repo="mod-weather"))
    shell.ok("repo", "rebind", old_id, "acme/mod-weather", "--merge")
    client = fresh(made)
    assert versions(client, own) == versions(client, fresh_key) == ["2.0.0", "1.0.0"]
    assert sorted(rows(made, select(Package.name).where(Package.repo_id == new_id))[0]) == ["Fresh", "Own"]


@ONLY_SQLITE
def test_in_another_gitea_the_old_id_may_be_anybodys(shell, sold):
    """Its ids begin anew; without --moved, somebody else's repo of the old id would be taken for the old one."""
    made, (own, _, old_id) = shell.installation, sold
    new_id = made.add_product("acme", "mod-weather-2", **CLOSED)
    made.world.publish_release(
        "acme", "mod-weather-2", "v2.0.0", files={"mod_weather.zip": joomla_module("weather", "2.0.0")}
    )
    shell.ok("repo", "rebind", old_id, "acme/mod-weather-2", "--moved")
    answer = fresh(made).get(f"/acme/mod-weather-2/updates.xml?dlid={own.code}")
    assert b"<version>2.0.0" in answer.data
    assert rows(made, select(Package.repo_id).where(Package.name == "Own"))[0] == [new_id]

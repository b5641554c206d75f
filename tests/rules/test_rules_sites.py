"""Who takes a seat: the price list of sites."""

import pytest

from bridge.rules.sites import Admission, SiteFacts, admit, classify, orphaned_by, seats


def counted(*hosts: str) -> list[SiteFacts]:
    return [SiteFacts(host, counts=True) for host in hosts]


def free(*hosts: str) -> list[SiteFacts]:
    return [SiteFacts(host, counts=False) for host in hosts]


@pytest.mark.parametrize(
    ("host", "production", "local_sites", "kind"),
    [
        ("example.com", [], "free", "production"),
        ("localhost", [], "free", "local"),
        ("localhost", [], "count", "production"),
        ("erp.lan", [], "count", "production"),
        ("8.8.8.8", [], "free", "production"),
        ("staging.example.com", ["example.com"], "free", "staging"),
        ("dev2.example.com", ["shop.example.com"], "free", "staging"),
        ("staging.example.com", [], "free", "production"),
        ("staging.other.com", ["example.com"], "free", "production"),
        ("dev.example.com", ["staging.example.com"], "free", "production"),
        ("staging.bob.github.io", ["alice.github.io"], "free", "production"),
        ("test.com", ["www.test.com"], "free", "production"),
        ("devices.example.com", ["example.com"], "free", "production"),
        ("acme.plesk.page", [], "free", "staging"),
    ],
)
def test_a_host_is_classified_by_its_name_and_its_siblings(host, production, local_sites, kind) -> None:
    assert classify(host, production_hosts=production, local_sites=local_sites) == kind


def test_seats_are_taken_by_sites_that_count_and_were_not_freed() -> None:
    assert seats([*counted("a.com", "b.com"), *free("localhost"), SiteFacts("c.com", counts=True, freed=True)]) == 2


@pytest.mark.parametrize(
    ("host", "sites", "limit", "outcome"),
    [
        ("a.com", [], 1, "counted"),
        ("a.com", counted("a.com"), 1, "known"),
        ("b.com", counted("a.com"), 1, "refused"),
        ("b.com", counted("a.com"), 2, "counted"),
        ("b.com", counted("a.com"), 0, "counted"),
        ("z.com", counted(*[f"a{n}.com" for n in range(500)]), 0, "counted"),
        ("b.com", [SiteFacts("a.com", counts=True, freed=True)], 1, "counted"),
        ("a.com", [SiteFacts("a.com", counts=True, freed=True), *counted("b.com")], 1, "refused"),
        ("a.com", counted("a.com", "b.com", "c.com"), 1, "known"),
        ("localhost", counted("a.com"), 1, "free"),
        ("staging.a.com", counted("a.com"), 1, "free"),
        ("staging.b.com", counted("a.com"), 1, "refused"),
        ("dev.a.com", [*counted("a.com"), *free("staging.a.com")], 1, "refused"),
        ("dev.a.com", [*counted("a.com"), *free("staging.a.com")], 2, "counted"),
        ("dev.a.com", [*counted("a.com", "shop.a.com"), *free("staging.a.com")], 2, "free"),
        ("x.plesk.page", counted("a.com"), 1, "free"),
        ("x.plesk.page", [*counted("a.com"), *free("1a.plesk.page", "b.plesk.page", "c.sg-host.com")], 1, "refused"),
        ("x.plesk.page", [*counted("a.com"), *free("1a.plesk.page", "b.plesk.page")], 1, "free"),
    ],
)
def test_a_host_is_admitted_by_the_seats_that_are_left(host, sites, limit, outcome) -> None:
    assert admit(host, sites, limit, "free").outcome == outcome


def test_local_sites_take_seats_where_the_package_counts_them() -> None:
    assert admit("erp.lan", counted("intranet"), 1, "count") == Admission("refused", "production")
    assert admit("erp.lan", [], 1, "count") == Admission("counted", "production")


def test_a_staging_site_that_came_first_gives_its_seat_back() -> None:
    assert admit("staging.a.com", [], 1, "free") == Admission("counted", "production")
    assert admit("a.com", counted("staging.a.com"), 1, "free") == Admission("counted", "production", ("staging.a.com",))


@pytest.mark.parametrize(
    ("host", "sites", "limit", "expected"),
    [
        ("a.com", counted("staging.b.com"), 1, ("refused", ())),
        ("a.com", counted("staging.a.com", "dev.a.com"), 2, ("counted", ("staging.a.com",))),
        ("a.com", counted("staging.a.com", "dev.a.com"), 1, ("refused", ())),
        ("shop.a.com", [*counted("a.com", "dev.a.com"), *free("qa.a.com")], 2, ("counted", ("dev.a.com",))),
        (
            "shop.a.com",
            [*counted("a.com", "dev.a.com", "qa.a.com"), *free("uat.a.com")],
            3,
            ("counted", ("dev.a.com",)),
        ),
        ("demo.a.com", counted("staging.a.com"), 2, ("counted", ())),
        ("x.staging.a.com", counted("staging.a.com"), 1, ("counted", ("staging.a.com",))),
    ],
)
def test_only_a_production_host_frees_the_staging_sites_of_its_domain(host, sites, limit, expected) -> None:
    admission = admit(host, sites, limit, "free")
    assert (admission.outcome, admission.reclassified) == expected


@pytest.mark.parametrize(
    ("site", "kind"),
    [
        (SiteFacts("a.com", counts=True), "production"),
        (SiteFacts("localhost", counts=False), "local"),
        (SiteFacts("dev.a.com", counts=False), "staging"),
        (SiteFacts("dev.a.com", counts=True), "production"),
    ],
)
def test_a_known_site_stays_what_it_was(site, kind) -> None:
    assert admit(site.host, [site], 1, "free") == Admission("known", kind)


@pytest.mark.parametrize(("already", "flagged"), [(24, False), (25, True)])
def test_many_local_sites_are_flagged_and_never_refused(already: int, flagged: bool) -> None:
    admission = admit("one-more.test", free(*[f"s{n}.test" for n in range(already)]), 1, "free")
    assert (admission.outcome, admission.many_local) == ("free", flagged)


@pytest.mark.parametrize(
    ("host", "sites", "orphans"),
    [
        ("a.com", [*counted("a.com"), *free("dev.a.com")], ("dev.a.com",)),
        ("a.com", [*counted("a.com", "shop.a.com"), *free("dev.a.com")], ()),
        ("a.com", [*counted("a.com", "shop.a.com"), *free("dev.a.com", "qa.a.com")], ("qa.a.com",)),
        ("a.com", [*counted("a.com", "b.com"), *free("dev.b.com", "localhost", "x.plesk.page")], ()),
        ("a.com", [*counted("a.com", "dev.a.com")], ()),
    ],
)
def test_staging_sites_without_their_production_host_are_orphans(host, sites, orphans) -> None:
    assert orphaned_by(host, sites) == orphans

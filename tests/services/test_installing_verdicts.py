"""What a token can do and what it can't, as a table: what was found on the left, what is said on the right."""

from pathlib import Path

import pytest

from bridge.services.installing.proving import allowed_hosts_line
from bridge.services.installing.values import Answers, GiteaFacts, OwnerFacts, TokenFacts
from bridge.services.installing.verdicts import judge
from gitea_client.values import ServerVersion

ALL = frozenset({"repository", "organization", "user", "admin"})
NONE: frozenset[str] = frozenset()


def facts(version="1.26.4", *, admin=True, reads=ALL, changes=ALL, private=True, owners=()):
    read = ServerVersion.from_json({"version": version})
    return GiteaFacts(read, TokenFacts("root", admin, frozenset(reads), frozenset(changes), private), owners)


def answers(*owners):
    return Answers("http://g", "http://g", "http://b", "", "http://b/h", "http://b/c", owners, "", Path(), "b:1", "t")


def acme(**more):
    return OwnerFacts("acme", more.pop("kind", "org"), **{"variables_readable": True, "owned": True, **more})


NARROW = ALL - {"admin"}
TABLE = [
    (facts(), "good", "1.26.4 is supported"),
    (facts("1.27.3"), "good", "1.27.3 is supported"),
    (facts("1.28.0+dev-1-gabc"), "warning", "newer than what this bridge knows (up to 1.27)"),
    (facts(), "good", "root's, a site administrator"),
    (facts(admin=False), "warning", "no site administrator"),
    (facts(), "good", "may change what the bridge changes"),
    (facts(reads={"organization"}), "bad", "lacks read:repository, read:user (it has read:organization)"),
    (facts(reads=NONE), "bad", "it has none of these"),
    (facts(private=False), "bad", "for public things only"),
    (facts(changes=NONE), "warning", "may only read"),
    (facts(changes=NARROW - {"user"}), "warning", "lacks write:user: the application for sign-in"),
    (facts(changes=NARROW - {"repository"}), "warning", "lacks write:repository: "),
    (facts(changes=NARROW - {"organization"}), "warning", "lacks write:organization: "),
    (facts(changes=NARROW), "warning", "lacks write:admin"),
    (facts(owners=(acme(),)), "good", "the settings of acme can be read"),
    (facts(owners=(acme(variables_readable=False),)), "warning", "the settings of acme can't be read"),
    (facts(owners=(acme(kind=None),)), "bad", "there is no acme in Gitea that the token sees"),
    (facts(owners=(acme(kind=None, new_name="acme-ext"),)), "bad", "acme is called acme-ext now"),
]


@pytest.mark.parametrize(("found", "level", "sentence"), TABLE)
def test_what_is_said(found, level, sentence):
    said = [verdict for verdict in judge(found, answers("acme")) if sentence in verdict.sentence]
    assert [verdict.level for verdict in said] == [level]


def test_a_good_token_gets_nothing_but_good_words():
    assert {verdict.level for verdict in judge(facts(owners=(acme(),)), answers("acme"))} == {"good"}


@pytest.mark.parametrize(("owners", "sentence"), [(("*",), "every owner is served"), ((), "no owner is served yet")])
def test_whom_it_serves_is_said_where_it_is_everybody_or_nobody(owners, sentence):
    (said,) = [verdict for verdict in judge(facts(), answers(*owners)) if sentence in verdict.sentence]
    assert said.level == "warning"


def test_without_write_admin_only_a_site_admin_misses_it():
    said = " ".join(verdict.sentence for verdict in judge(facts(admin=False, changes=NARROW), answers("acme")))
    assert "write:admin" not in said


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        ("http://127.0.0.1:8080/-/x", "127.0.0.1"),
        ("http://[::1]:8080/-/x", "::1"),
        ("http://[FD00:0::5]/-/x", "fd00::5"),
        ("https://Bridge.Example/-/x", "bridge.example"),
    ],
)
def test_the_line_for_app_ini_names_the_host_as_gitea_compares_it(address, entry):
    assert allowed_hosts_line(address) == f"ALLOWED_HOST_LIST = external,{entry}"

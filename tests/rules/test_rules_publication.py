"""Which releases are fit for customers: what Gitea and the ZIPs say on the left, the verdict on the right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.php_versions import version_compare

from bridge.rules.feed_rules import parse_feed
from bridge.rules.publication import AssetFacts, Extension, ReleaseFacts, publish
from bridge.rules.streams import parse_streams
from bridge.rules.variables import RepoSettings
from bridge.rules.versions import php_version_compare

START = datetime(2026, 1, 1, tzinfo=UTC)
JOOMLA = RepoSettings(platform="joomla")
DOLIBARR = RepoSettings(platform="dolibarr")


def module(version="1.2.0", element="mod_weather", **more):
    fields = {"platform": "joomla", "type": "module", "element": element, "client": "site", **more}
    return Extension(version=version, **fields)


def package(version="1.2.0", element="pkg_weather"):
    return Extension(platform="joomla", type="package", element=element, version=version)


def dolibarr(version="1.2.0", name="acmestock"):
    return Extension(platform="dolibarr", module=name, version=version)


def file(*extensions, name="a.zip", fetched=True, problem=""):
    return AssetFacts(uuid=name, name=name, size=9, fetched=fetched, problem=problem, extensions=extensions)


UNREAD = file(name="unread.zip", fetched=False)
BROKEN = file(name="broken.zip", problem="it is no ZIP")
LATE = file(name="late.zip", fetched=False, problem="Gitea did not hand it out; the bridge tries again")


def release(*assets, tag="v1.2.0", number=1, **more):
    return ReleaseFacts(id=number, tag=tag, first_seen_at=START + timedelta(days=number), assets=assets, **more)


def judged(*releases, settings=JOOMLA):
    """Offered (platform, version, stream) and held (tag, code)."""
    found = publish(settings, releases)
    return (
        [(offer.platform, offer.version, offer.stream.name) for offer in found.offers],
        [(held.tag, held.code) for held in found.held],
    )


def with_feed(text, settings=JOOMLA):
    return replace(settings, feed=parse_feed(text))


@pytest.mark.parametrize(
    ("assets", "held"),
    [
        ([file(module())], None),
        ([], "no_zip"),
        ([file(module(), name="a.tar.gz")], "no_zip"),
        ([file(module(), name="A.ZIP")], None),
        ([UNREAD], "being_read"),
        ([file(module()), UNREAD], "being_read"),
        ([LATE], "unfit"),
        ([file(module()), LATE], "unfit"),
        ([BROKEN], "unfit"),
        ([file(module()), BROKEN], None),
        ([file()], "unfit"),
        ([file(dolibarr())], "unfit"),
        ([file(module()), file(module(), name="b.zip")], "several_zips"),
        ([file(module()), file(package(), name="b.zip")], None),
        ([file(module()), file(module(element="mod_b"), name="b.zip"), file(package(), name="c.zip")], None),
        ([file(package()), file(package(), name="b.zip")], "several_zips"),
        ([file(module(version=""))], "no_version"),
        ([file(module(version="1.2.0-final"))], "bad_version"),
        ([file(module(version="v1.2.0"))], "bad_version"),
        ([file(module(version="1." * 16 + "1"))], "bad_version"),
        ([file(module(version="1.2.1"))], "version_mismatch"),
        ([file(module(version="1.2"))], None),
    ],
)
@pytest.mark.rule(19)
def test_a_release_needs_exactly_one_fit_file_whose_version_is_the_tags(assets, held):
    offers, codes = judged(release(*assets))
    assert [code for _, code in codes] == ([held] if held else [])
    assert len(offers) == (0 if held else 1)


def test_the_package_is_offered_and_not_the_parts_that_lie_beside_it():
    found = publish(JOOMLA, [release(file(module()), file(package(), name="b.zip"))])
    assert found.offers[0].extension.type == "package"


@pytest.mark.parametrize(
    ("tag", "version", "held"),
    [
        ("v1.2.0", "1.2.0", None),
        ("v1.2.0-rc.1", "1.2.0-rc1", None),
        ("weather/v1.2.0", "1.2.0", None),
        ("summer", "1.2.0", None),
        ("v1.2.0", "1.3.0", "version_mismatch"),
        ("v1.2.0-rc.1", "1.2.0", "version_mismatch"),
        ("v1.2.0", "1.2.0-rc1", "version_mismatch"),
    ],
)
@pytest.mark.rule(19)
def test_tag_and_manifest_must_mean_the_same_version(tag, version, held):
    assert [code for _, code in judged(release(file(module(version)), tag=tag))[1]] == ([held] if held else [])


@pytest.mark.parametrize(
    ("tag", "version", "flag", "streams", "stream"),
    [
        ("v1.2.0", "1.2.0", False, "stable, rc", "stable"),
        ("v1.2.0", "1.2.0", True, "stable, rc", "rc"),
        ("v1.2.0-rc1", "1.2.0-rc1", False, "stable, rc", "rc"),
        ("v1.2.0", "1.2.0", True, "stable", None),
        ("v1.2.0-beta1", "1.2.0-beta1", True, "stable, rc", "rc"),
        ("v1.2.0-beta1", "1.2.0-beta1", False, "stable", None),
        ("v1.2.0", "1.2.0", False, "nightly=dev", None),
    ],
)
@pytest.mark.rule(21, 22)
def test_a_release_gets_a_stream_and_what_is_marked_early_never_a_stable_one(tag, version, flag, streams, stream):
    chosen = replace(JOOMLA, streams=parse_streams(streams))
    offers, held = judged(release(file(module(version)), tag=tag, prerelease=flag), settings=chosen)
    assert [each for *_, each in offers] == ([stream] if stream else [])
    assert [code for _, code in held] == ([] if stream else ["no_stream"])


@pytest.mark.rule(18)
@pytest.mark.parametrize(
    "other",
    [
        module("1.3.0", element="mod_snow"),
        module("1.3.0", client="administrator"),
        package("1.3.0"),
        Extension(platform="joomla", type="plugin", element="mod_weather", folder="system", version="1.3.0"),
    ],
)
def test_a_release_of_another_extension_is_held_back(other):
    first, second = release(file(module())), release(file(other), tag="v1.3.0", number=2)
    assert judged(first, second) == ([("joomla", "1.2.0", "stable")], [("v1.3.0", "identity_changed")])


@pytest.mark.rule(18)
def test_the_order_in_which_releases_were_seen_decides_about_identity_not_their_order_in_gitea():
    first, second = release(file(module())), release(file(package("1.3.0")), tag="v1.3.0", number=2)
    assert judged(second, first) == judged(first, second)


def test_a_wrong_first_release_that_was_taken_back_binds_nobody():
    wrong = release(file(module(element="mod_wrong")), withdrawn_at=START + timedelta(days=9))
    right = release(file(module("1.2.1")), tag="v1.2.1", number=2)
    later = release(file(module("1.2.2", element="mod_wrong")), tag="v1.2.2", number=3)
    offers, held = judged(wrong, right, later)
    assert [version for _, version, _ in offers] == ["1.2.0", "1.2.1"]
    assert held == [("v1.2.2", "identity_changed")]


@pytest.mark.parametrize(
    ("tag", "version", "held"),
    [
        ("again", "1.2.0", "duplicate_version"),
        ("again", "1.2.0-pl", None),
        ("v1.2", "1.2", None),
        ("again", "01.2.0", "duplicate_version"),
    ],
)
def test_a_version_can_be_published_once(tag, version, held):
    second = release(file(module(version)), tag=tag, number=2)
    assert [code for _, code in judged(release(file(module())), second)[1]] == ([held] if held else [])


def test_a_version_whose_release_was_taken_back_can_be_published_again():
    gone = release(file(module()), withdrawn_at=START + timedelta(days=9))
    offers, held = judged(gone, release(file(module()), number=2))
    assert (len(offers), held) == (2, [])


def test_withdrawn_releases_are_judged_for_their_downloads_and_never_reported():
    gone = [release(tag="v1.0.0", withdrawn_at=START), release(file(module()), number=2, withdrawn_at=START)]
    found = publish(JOOMLA, gone)
    assert [offer.withdrawn for offer in found.offers] == [True]
    assert found.held == ()


def test_both_platforms_are_judged_apart():
    both = RepoSettings(platform="both")
    offers, held = judged(release(file(module()), file(dolibarr(), name="module_acmestock-1.2.0.zip")), settings=both)
    assert [platform for platform, *_ in offers] == ["joomla", "dolibarr"]
    offers, held = judged(release(file(module())), settings=both)
    assert ([platform for platform, *_ in offers], held) == (["joomla"], [("v1.2.0", "unfit")])


@pytest.mark.parametrize("platform", ["none", None])
def test_a_repo_that_is_no_product_has_neither_offers_nor_reasons(platform):
    assert judged(release(), settings=RepoSettings(platform=platform)) == ([], [])


@pytest.mark.parametrize(
    ("tag", "stated", "version"),
    [("v1.2.0", "1.2.0", "1.2.0"), ("v1.2.0", "", "1.2.0"), ("summer", "", None)],
)
@pytest.mark.rule(54)
def test_the_tag_counts_where_a_descriptor_states_no_version(tag, stated, version):
    offers, held = judged(release(file(dolibarr(stated)), tag=tag), settings=DOLIBARR)
    assert [each for _, each, _ in offers] == ([version] if version else [])
    assert [code for _, code in held] == ([] if version else ["no_version"])


def test_a_pattern_chooses_among_several_files():
    chosen = with_feed('[asset]\njoomla = "*-full.zip"\n')
    twins = [file(module(), name="w-full.zip"), file(module(), name="w-lite.zip")]
    assert publish(chosen, [release(*twins)]).offers[0].asset.name == "w-full.zip"
    assert judged(release(twins[1]), settings=chosen)[1] == [("v1.2.0", "no_zip")]


def test_editions_have_files_and_versions_of_their_own():
    chosen = with_feed('[edition.pro]\nasset = "*-pro.zip"\n')
    found = publish(chosen, [release(file(module()), file(module(), name="w-pro.zip"))])
    assert [(offer.edition, offer.asset.name) for offer in found.offers] == [("", "a.zip"), ("pro", "w-pro.zip")]
    lacking = publish(chosen, [release(file(module()))])
    assert [(held.edition, held.code) for held in lacking.held] == [("pro", "no_zip")]
    assert "the edition pro" in lacking.held[0].reason


@pytest.mark.parametrize(
    ("version", "target", "php"),
    [("1.9.0", "4\\.[0-4]", "7.4"), ("2.0.0", "(4\\.4|5\\.[0-9]+|6\\.[0-9]+)", "8.1"), ("3.0.0", None, "8.3")],
)
def test_platform_rules_go_before_what_the_installer_script_says(version, target, php):
    rules = with_feed(
        '[[platform]]\nversion_range = "<2"\ntarget_platform = "4\\\\.[0-4]"\nphp_minimum = "7.4"\n'
        '[[platform]]\nversion_range = ">=3"\nphp_minimum = "8.3"\n'
    )
    extension = module(version, minimum_php="8.1")
    offer = publish(rules, [release(file(extension), tag=f"v{version}")]).offers[0]
    assert offer.php_minimum == php
    assert target is None or offer.target_platform == target


VERSIONS = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}([-._+]?(dev|alpha|a|beta|b|RC|rc|pl|p|nightly|x)(\.?[0-9]{1,2})?)?", fullmatch=True
)
# PHP has odd views of other signs, and of separators at either end; the oracle leaves those out, as versions do.
TEXTS = st.text("0129.-+_abcdelprvRC", max_size=10).map(lambda text: text.strip(".-+_"))


@settings(max_examples=300, deadline=None)
@given(VERSIONS, VERSIONS)
@pytest.mark.rule(20)
def test_versions_compare_as_an_independent_php_compares_them(one, other):
    assert php_version_compare(one, other) == version_compare(one, other)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
@pytest.mark.rule(20)
def test_any_two_texts_compare_as_an_independent_php_compares_them(one, other):
    assert php_version_compare(one, other) == version_compare(one, other)

"""Checks of single repos: their settings, what Gitea gives away, and what is held back."""

from collections.abc import Iterator

from bridge.rules import listing
from bridge.services import publisher
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.services.products import Product
from gitea_client.errors import GiteaError

_MOST_HELD = 5


def _named(patient: Patient) -> Iterator[Seen]:
    for path in patient.unknown_repos():
        yield seen("unknown", path, path=path)
    products = patient.products()
    for product, row in products:
        if row.absent_since is not None:
            yield seen("gone", product.full_name)
        elif not row.served:
            yield seen("not_served", product.full_name, path=product.full_name)
    served = [product for product, row in products if row.served]
    yield seen("served", count=len(served)) if served else seen("none")


def _settings(patient: Patient) -> Iterator[Seen]:
    wrong = 0
    products = patient.products()
    for product, row in products:
        for problem in row.problems:
            wrong += 1
            sentence = problem["sentence"].rstrip(".")
            yield seen("invalid", product.full_name, variable=problem["variable"], sentence=sentence)
    if not wrong:
        yield seen("valid", count=len(products))


def _assets(patient: Patient) -> Iterator[Seen]:
    leaking = 0
    products = [(product, row) for product, row in patient.products() if row.served]
    for product, row in products:
        gated = {
            edition for edition in ("", *product.settings.feed.editions) if product.require_key(edition) != "false"
        }
        offers = [each for each in product.publication.offers if each.edition in gated and not each.withdrawn]
        if not gated:
            continue
        newest = next(iter(listing.newest_first(offers)), None)
        try:
            is_open = patient.gitea.asset_open_to_strangers(newest.asset.uuid) if newest else row.open_assets
        except GiteaError:
            is_open = row.open_assets
        if is_open:
            leaking += 1
            yield seen("open", product.full_name)
    if not leaking:
        yield seen("shut", count=len(products))


def _held(patient: Patient) -> Iterator[Seen]:
    count = 0
    for product, row in patient.products():
        held = sorted(product.publication.held, key=lambda each: each.release_id, reverse=True) if row.served else []
        count += len(held)
        for each in held[:_MOST_HELD]:
            what = f"{each.platform}, edition {each.edition}" if each.edition else each.platform
            yield seen("held", product.full_name, tag=each.tag, what=what, reason=each.reason.rstrip("."))
        if len(held) > _MOST_HELD:
            yield seen("more", product.full_name, count=len(held) - _MOST_HELD, repo=product.full_name)
        yield from _behind(product)
    if not count:
        yield seen("none")


def _behind(product: Product) -> Iterator[Seen]:
    for last, highest in publisher.left_behind(product):
        yield seen("behind", product.full_name, last=last.version, highest=highest.version)


CHECKS = (
    Check(
        "repo.served",
        "Which repos are served: all of them, or those named on the command line.",
        "A repo is served once its owner is in `bridge.owners` and `LICENSING_PLATFORM` is set.",
        (
            ok("served", "{count} repos are served and looked at."),
            warning(
                "none",
                "No repo is served.",
                "Set LICENSING_PLATFORM on one: `bridge repo set OWNER/REPO platform joomla`.",
            ),
            error(
                "unknown",
                "The bridge has never looked at {path}.",
                "Compare the name; then let it look: `bridge repo refresh {path}`.",
            ),
            warning(
                "not_served",
                "It is not served: its feeds are empty.",
                "Set LICENSING_PLATFORM on it: `bridge repo set {path} platform joomla`; its owner must be in"
                " bridge.owners.",
            ),
            error(
                "gone",
                "Gitea no longer has this repo; its feeds become empty.",
                "If it was made anew under the same name, it is another repo to Gitea and to customers' keys.",
            ),
        ),
        _named,
        ("database.schema",),
    ),
    Check(
        "repo.settings",
        "Whether the `LICENSING_` variables of each repo and its owner can be read and are valid.",
        "What is invalid is not in force: the last good value is.",
        (
            ok("valid", "The settings of {count} repos are valid."),
            error(
                "invalid",
                "{variable}: {sentence}.",
                "Correct the variable in Gitea (Settings, Actions, Variables), or with `bridge repo set`.",
            ),
        ),
        _settings,
        ("database.schema",),
    ),
    Check(
        "repo.assets",
        "Whether Gitea hands the files of a repo that requires a key to strangers.",
        "Then everybody who knows Gitea's own address of the file has it without a key.",
        (
            ok("shut", "Gitea hands no file that needs a key to strangers ({count} repos)."),
            error(
                "open",
                "Gitea hands this repo's release files to strangers, so the required key protects nothing.",
                "Make the repo private in Gitea; its feed stays reachable. Or require no key.",
            ),
        ),
        _assets,
        ("database.schema",),
    ),
    Check(
        "repo.held",
        "Which releases are held back and why, and which are lower than another that sites have already.",
        "Customers don't get them.",
        (
            ok("none", "No release is held back."),
            warning(
                "held",
                "The release {tag} is held back for {what}: {reason}.",
                "Do what the reason says in Gitea; the bridge looks again by itself.",
            ),
            warning("more", "{count} older releases are held back too.", "`bridge repo show {repo}` lists them."),
            warning(
                "behind",
                "{last} was published last but sorts below {highest}: sites on {highest} won't see it.",
                "Publish it with a higher version, unless it is meant for an older line.",
            ),
        ),
        _held,
        ("database.schema",),
    ),
)

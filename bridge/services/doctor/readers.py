"""The check of who gets what: each kind of site makes its choice from each feed."""

from collections.abc import Iterator, Sequence

from bridge.rules import who_gets_what
from bridge.services import audience
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.services.products import Product


def _audience(patient: Patient) -> Iterator[Seen]:
    for product, row in patient.products():
        if not row.served:
            continue
        for edition in audience.joomla_editions(product):
            yield from _reached(product, audience.entries(product, edition), edition)


def _reached(product: Product, entries: Sequence[who_gets_what.Entry], edition: str) -> Iterator[Seen]:
    if not entries:
        return
    rows, name = who_gets_what.table(entries), product.full_name
    what = f"the edition {edition}" if edition else "the feed"
    out = who_gets_what.left_out(rows)
    if len(out) == len(who_gets_what.JOOMLAS):
        yield seen("nobody", name, what=what)
        return
    if out:
        yield seen("left_out", name, what=what, joomlas=" and ".join(out))
    for version, phps in who_gets_what.warned(rows).items():
        yield seen("php", name, version=version, phps=", ".join(phps))
    for one, other in who_gets_what.without_stepping_stone(entries):
        yield seen("no_stepping_stone", name, one=one, other=other)
    cells = [f"Joomla {row.joomla}: {who_gets_what.in_words(row)}" for row in rows if row.minimum == "stable"]
    yield seen("table", name, what=what, cells="; ".join(cells))


CHECKS = (
    Check(
        "repo.audience",
        "What Joomla 4.4, 5.4 and 6.0 on PHP 8.1 to 8.4 would choose from the feed, as a key of all streams sees it;"
        " `bridge repo show` has the whole table, with sites that take rc and dev releases.",
        "A release that no site takes looks published all the same.",
        (
            ok("table", "Sites that take stable releases get from {what}: {cells}."),
            error(
                "nobody",
                "No site that takes stable releases gets anything from {what}.",
                "Publish a stable release, or widen the target platform in LICENSING_FEED ([[platform]]).",
            ),
            warning(
                "left_out",
                "Sites on Joomla {joomlas} get nothing from {what}.",
                "If it runs there, say so: target platform in LICENSING_FEED ([[platform]]), or $minimumJoomla.",
            ),
            warning(
                "php",
                "{version} prints a warning on sites with PHP {phps}: it needs a newer one.",
                "Nothing, if it is meant so; raise the PHP minimum rarely.",
            ),
            warning(
                "no_stepping_stone",
                "No stable release is for Joomla {one} and {other} alike: before an upgrade, Joomla {one} asks for an"
                " update that it is not offered.",
                "Publish one release that runs on both.",
            ),
        ),
        _audience,
        ("database.schema",),
    ),
)

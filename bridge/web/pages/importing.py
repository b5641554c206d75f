"""Import keys from a table: first what would happen, row by row, then that."""

import hashlib
import io
from typing import Any

from flask import Response

from bridge.rules.permissions import Action
from bridge.web.api.errors import invalid
from bridge.web.api.uploads import Upload
from bridge.web.pages import packages
from bridge.web.pages.forms import Form, OnlyLooking
from bridge.web.pages.visits import Page, Visit

# What one form may carry. Larger tables go through the API or the command line, which take 64 MiB.
MOST_SIGNS = 400_000
FORMATS = (
    ("auto", "known by its header line"),
    ("ours", "of an export from here"),
    ("akeeba", "of Akeeba Release System"),
    ("edd", "of Easy Digital Downloads"),
)
_SHOWN = 200


def wizard(visit: Visit) -> Response:
    """The form; a look at what would happen; the import."""
    form, reports = visit.form({"format": "auto", "on_error": "stop"}), list[Any]()

    def send() -> Response:
        # Browsers send the lines of a field with an end of their own, which nobody typed and nobody shall count.
        text = (form.raw("file") or form.raw("table")).replace("\r\n", "\n")
        form.set("table", text)  # a file can't be chosen for somebody once more
        form.set("file", "")
        doing = form["step"] == "do"
        reply = visit.fill("import_license_keys", query=_query(form, dry_run=not doing), file=_upload(text))
        payload: Any = reply.payload
        if doing and reply.status:
            raise invalid("table", payload.message)
        reports.append(payload)
        if not doing:
            raise OnlyLooking
        return visit.done("keys", _said(payload.counts))

    if visit.posted and (done := visit.attempt(form, send, file="table")):
        return done
    return visit.show(
        "import.html", form=form, report=reports[0] if reports else None, shown=_SHOWN, packages=packages.all_of(visit),
        formats=FORMATS, most=MOST_SIGNS,
    )  # fmt: skip


def _query(form: Form, *, dry_run: bool) -> dict[str, Any]:
    mapped = [line.strip() for line in form.raw("map").splitlines() if line.strip()]
    return {"format": form["format"], "on_error": form["on_error"], "map": mapped, "dry_run": dry_run}


def _upload(text: str) -> Upload:
    if not text.strip():
        raise invalid("table", "choose a file, or paste the table with its header line")
    if len(text) > MOST_SIGNS:
        raise invalid("table", f"has more than {MOST_SIGNS:,} signs; take `bridge import`, or the API")
    raw = text.encode()
    return Upload(io.BytesIO(raw), hashlib.sha256(raw).hexdigest())


def _said(counts: Any) -> str:
    parts = [(counts.issue, "new"), (counts.adopt, "bound to their purchase"), (counts.known, "known already")]
    parts.append((counts.refused, "left out"))
    return "Imported: " + ", ".join(f"{number} {words}" for number, words in parts if number) + "."


PAGES = (
    # Planning takes long, and nobody who writes shall wait for it; what was made meanwhile is known when it is applied.
    Page(
        "owner_import",
        "import",
        Action.KEYS_IMPORT,
        wizard,
        level="owner",
        posts=Action.KEYS_IMPORT,
        anew=True,
        once=False,
    ),
)

"""Counts a request without making it wait."""

from bridge.services.gate import Verdict
from bridge.services.products import Product
from bridge.storage.usage import Use
from bridge.web import reading
from bridge.web.doors import Doors
from bridge.web.requests import SiteRequest


def note(request: SiteRequest, product: Product, kind: str, verdict: Verdict) -> None:
    """Leave on the request what the log tells of it."""
    request.kind, request.code = kind, verdict.decision.code
    request.place = product.full_name
    if verdict.key is not None:
        request.key_id = verdict.key.id


def count(
    doors: Doors, request: SiteRequest, product: Product, kind: str, verdict: Verdict, *, version: str = ""
) -> None:
    """One line of usage: what was asked, by which key and site, and what came of it."""
    note(request, product, kind, verdict)
    now = doors.clock()
    use = Use(
        day=now.date(),
        repo_id=product.repo_id,
        kind=kind,
        code=verdict.decision.code,
        key_id=verdict.key.id if verdict.key else 0,
        site=verdict.host if verdict.decision.allowed else "",
        version=version,
        cms=reading.cms(request),
        php=reading.php(request),
    )
    doors.usage.count(use, verdict.site_id, now)

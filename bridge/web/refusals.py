"""Why a file is not handed out, as a page that a person can read: administrators of sites click the failed link."""

from dataclasses import dataclass

from flask import Response, render_template, request

from bridge.rules.access import Code
from bridge.rules.strict_toml import is_web_address
from bridge.services.customer_links import PATH
from bridge.services.downloads import Found
from bridge.services.gate import Verdict
from bridge.services.offers import product_name
from bridge.services.products import Product

# One sentence for what is wrong, one for what to do. The key itself is never repeated.
WORDS = {
    Code.MISSING: ("No license key was received", "Enter your key in the update settings of your site and try again."),
    Code.MALFORMED: (
        "This does not look like a license key",
        "Compare it with the one in your mail; a character is wrong or missing.",
    ),
    Code.UNKNOWN: ("This license key is not known here", "Compare it with the one in your mail, or ask the seller."),
    Code.WRONG_PRODUCT: ("This license key is for another product", "Use the key that you bought for this product."),
    Code.REVOKED: ("This license key was revoked", "Ask the seller for a new one."),
    Code.SUSPENDED: ("This license key is suspended", "Ask the seller what is open."),
    Code.NOT_STARTED: ("This license key is not valid yet", "Try again when it has started."),
    Code.EXPIRED: ("This license key has expired", "Renew it to get this version."),
    Code.STREAM_NOT_GRANTED: (
        "This version is not part of your license",
        "Choose a stable version, or ask the seller.",
    ),
    Code.DOMAIN_NOT_ALLOWED: ("This license key is for another domain", "Ask the seller to assign it to this site."),
    Code.DOMAIN_REQUIRED: ("The site did not say its domain", "Update the extension's own updater, or ask the seller."),
    Code.DOMAIN_INVALID: ("The domain that was stated is not a domain", "Correct it in the settings of your site."),
    Code.SITE_LIMIT: (
        "This license key is in use on all its sites",
        "Free a site that no longer needs it, or ask the seller.",
    ),
    Code.TEST_KEY: ("This license key comes from a test purchase", "Use the key of a real one."),
    Code.RELEASE_WITHDRAWN: ("This version was withdrawn", "Check for updates again to get its replacement."),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the page says."""

    title: str
    advice: str
    product: str
    version: str
    code: str
    expired_on: str = ""
    renewal_url: str = ""
    support: str = ""
    own_page: str = ""


def refuse(product: Product, found: Found, verdict: Verdict) -> Response:
    """403 with the reason, 410 for a withdrawn release. A page for browsers, one line for programs."""
    refusal = _refusal(product, found, verdict)
    if "text/html" in request.headers.get("Accept", ""):
        response = Response(render_template("refusal.html", refusal=refusal), content_type="text/html; charset=utf-8")
    else:
        response = Response(_one_line(refusal), content_type="text/plain; charset=utf-8")
    response.status_code = 410 if verdict.decision.code is Code.RELEASE_WITHDRAWN else 403
    response.headers["X-License-Code"] = refusal.code
    response.headers["Cache-Control"] = "private, no-store"
    return response


def too_many() -> Response:
    """429: too often within a minute, with this key, or with keys that nobody has."""
    text = "Too many downloads within a minute. Please try again in a minute; the file will still be here.\n"
    response = Response(text, 429, content_type="text/plain; charset=utf-8")
    response.headers["Retry-After"] = "60"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _refusal(product: Product, found: Found, verdict: Verdict) -> Refusal:
    title, advice = WORDS[verdict.decision.code]
    package, key = verdict.package, verdict.key
    seller = product.labels.owner_settings.seller
    expired = verdict.decision.code is Code.EXPIRED and key is not None and key.facts.expires_at is not None
    renewal = (package.renewal_url if package else "") or seller.renewal_url
    if not is_web_address(renewal):  # the last look at it before it becomes a link on Gitea's own origin
        renewal = ""
    return Refusal(
        title=title,
        advice=advice,
        product=product_name(product.labels, found.offer),
        version=found.offer.version,
        code=verdict.decision.code,
        expired_on=f"{key.facts.expires_at:%Y-%m-%d}" if expired and key else "",
        renewal_url=renewal if verdict.decision.code in {Code.EXPIRED, Code.MISSING, Code.STREAM_NOT_GRANTED} else "",
        support=seller.support,
        own_page=f"{product.labels.public_url}{PATH}/" if verdict.decision.code is Code.SITE_LIMIT else "",
    )


def _one_line(refusal: Refusal) -> str:
    when = f" on {refusal.expired_on}" if refusal.expired_on else ""
    address = refusal.renewal_url or refusal.own_page
    where = f" {address}" if address else ""
    return f"{refusal.title}{when} ({refusal.product} {refusal.version}). {refusal.advice}{where}\n"

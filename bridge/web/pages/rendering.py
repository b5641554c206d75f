"""Templates: what they are given, how they say moments and numbers, and the frame in Gitea's look around them."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, render_template
from markupsafe import Markup, escape

from bridge.services import person_sessions
from bridge.services.themes import DEFAULT
from bridge.web.doors import Doors
from bridge.web.pages import files, guarding

if TYPE_CHECKING:
    from bridge.web.pages.refusing import Refused
    from bridge.web.pages.visits import Visit

_HTML = "text/html; charset=utf-8"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", re.ASCII)
# Gitea's tabs of a repo: unit, path below the repo, icon, words.
_TABS = (
    ("code", "", "code", "Code"),
    ("issues", "issues", "issue-opened", "Issues"),
    ("pull_requests", "pulls", "git-pull-request", "Pull Requests"),
    ("actions", "actions", "play", "Actions"),
    ("packages", "packages", "package", "Packages"),
    ("projects", "projects", "project", "Projects"),
    ("releases", "releases", "tag", "Releases"),
    ("wiki", "wiki", "book", "Wiki"),
)


@dataclass(frozen=True, slots=True)
class Chrome:
    """What stands around a page: whose it is, in whose colours, and the ways to Gitea."""

    prefix: str
    gitea_url: str
    gitea_origin: str
    theme: str
    stylesheet: str
    language: str = ""
    login: str = ""
    full_name: str = ""
    site_admin: bool = False
    token: str = ""
    notices: Sequence[Mapping[str, str]] = field(default_factory=tuple)

    def file(self, name: str) -> str:
        """The address of one of our own files."""
        return files.address(self.prefix, name)

    def gitea(self, path: str = "") -> str:
        """An address of Gitea."""
        return f"{self.gitea_url}/{path}"


def register(app: Flask) -> None:
    """Teach the templates the words they need."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {"moment": moment, "day": day, "counted": counted, "sentence": sentence}
    app.jinja_env.globals |= {"tabs": tabs, "once_number": once_number}


def page(visit: "Visit", template: str, status: int, **context: Any) -> Response:
    """A page of somebody who is signed in."""
    chrome = of_visit(visit)
    text = render_template(f"pages/{template}", visit=visit, chrome=chrome, now=visit.now, **context)
    return guarding.seal(Response(text, status, content_type=_HTML), chrome.gitea_origin)


def refusal(refused: "Refused", chrome: Chrome) -> Response:
    """A no as a page."""
    text = render_template("pages/refused.html", refused=refused, chrome=chrome)
    return guarding.seal(Response(text, refused.status, content_type=_HTML), chrome.gitea_origin)


def signed_out(doors: Doors) -> Response:
    """The page after the sign-out."""
    chrome = stranger(doors)
    text = render_template("pages/signed_out.html", chrome=chrome)
    return guarding.seal(Response(text, content_type=_HTML), chrome.gitea_origin)


def of_visit(visit: "Visit") -> Chrome:
    """What stands around a visit's page. What is to be said is said once."""
    visitor, doors = visit.visitor, visit.doors
    told = [] if visit.posted else person_sessions.take_notices(doors.open_session, visitor)
    return Chrome(
        prefix=visit.prefix,
        gitea_url=doors.settings.gitea.public_url,
        gitea_origin=gitea_origin(doors),
        theme=_theme(visitor.theme),
        stylesheet=doors.themes().stylesheet(visitor.theme),
        language=visitor.language if _LANGUAGE.fullmatch(visitor.language) else "",
        login=visit.person.login,
        full_name=visitor.full_name,
        site_admin=visit.person.site_admin,
        token=visit.token,
        notices=told,
    )


def stranger(doors: Doors) -> Chrome:
    """What stands around a page that is nobody's."""
    return Chrome(
        prefix=urlsplit(doors.settings.bridge.public_url).path.rstrip("/"),
        gitea_url=doors.settings.gitea.public_url,
        gitea_origin=gitea_origin(doors),
        theme=DEFAULT,
        stylesheet=doors.themes().stylesheet(DEFAULT),
    )


def to_a_stranger(doors: Doors, text: str, status: int) -> Response:
    """A page for somebody without an account, whose address may be a secret."""
    response = Response(text, status, content_type=_HTML)
    if status == 429:  # noqa: PLR2004  too often: again in a minute
        response.headers["Retry-After"] = "60"
    return sealed_for_a_stranger(doors, response)


def sealed_for_a_stranger(doors: Doors, response: Response) -> Response:
    """An answer that is kept nowhere; no other site, and no file of ours, is told its address."""
    response.headers["Cache-Control"] = "no-store"
    guarding.seal(response, gitea_origin(doors))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def see_other(address: str) -> Response:
    """Go on there, after a form or to Gitea and back."""
    return Response(status=303, headers={"Location": address})


def gitea_origin(doors: Doors) -> str:
    """Gitea's origin, where it is another than ours."""
    ours, theirs = (urlsplit(each) for each in (doors.settings.bridge.public_url, doors.settings.gitea.public_url))
    same = (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
    return "" if same else f"{theirs.scheme}://{theirs.netloc}"


def tabs(visit: "Visit") -> list[tuple[str, str, str]]:
    """Gitea's tabs of the repo: (path in Gitea, icon, words)."""
    place = visit.place
    if place is None or not place.repo_id:
        return []
    home = f"{place.owner_name}/{place.repo_name}"
    shown = place.repo_units | {"code"}
    return [(f"{home}/{path}".rstrip("/"), icon, words) for unit, path, icon, words in _TABS if unit in shown]


def once_number() -> str:
    """A number that no other form has."""
    return secrets.token_hex(12)


def moment(value: datetime | None, never: str = "never") -> Markup:
    """A point in time: the day, and the exact moment on hover. The script says both in the reader's own zone."""
    if value is None:
        return escape(never)
    utc = value.astimezone(UTC)
    iso, exact = utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, exact, utc.strftime("%Y-%m-%d"))


def day(value: Any) -> str:
    """A day as date fields take it."""
    return value.astimezone(UTC).strftime("%Y-%m-%d") if isinstance(value, datetime) else str(value)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its word: ``1 key``, ``2 keys``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """A refusal of a service as a sentence: with a capital, and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def _theme(name: str) -> str:
    return name if re.fullmatch(r"[\w-]{1,60}", name, re.ASCII) else DEFAULT

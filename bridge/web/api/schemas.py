"""What is sent and answered about packages, settings, decisions and the audit trail."""

from typing import Any, Literal

from pydantic import Field

from bridge.rules.packages import MOST_DAYS, MOST_SITES
from bridge.web.api.fields import Given, Line, Moment, PageQuery, Taken

TermKind = Literal["lifetime", "annual", "monthly", "days", "custom"]


class Package(Given):
    """A tier that is sold. A repo's list shows the owner's packages too, with ``level`` ``owner``."""

    id: int
    name: str
    level: Literal["owner", "repo"]
    repos: list[str]
    """The repos that it opens, by name; none: all of the owner."""
    master: bool
    active: bool
    term: TermKind
    term_days: int | None
    term_from: Moment | None
    term_until: Moment | None
    grace_days: int
    after_expiry: Literal["nothing", "owned"]
    streams: list[str] | None
    """``null``: all."""
    editions: list[str] | None
    max_sites: int
    local_sites: Literal["free", "count"]
    unstated_domain: Literal["accept", "refuse"]
    renewal_url: str


class _PackageFields(Taken):
    repos: list[Line] | None = Field(default=None, max_length=100)
    """Only these repos of the owner; none: all."""
    active: bool | None = None
    """An inactive package issues no keys; its keys keep working."""
    term_days: int | None = Field(default=None, ge=1, le=MOST_DAYS)
    """With the term ``days``."""
    term_from: Moment | None = None
    """With the term ``custom``."""
    term_until: Moment | None = None
    grace_days: int | None = Field(default=None, ge=0, le=MOST_DAYS)
    after_expiry: Literal["nothing", "owned"] | None = None
    streams: list[Line] | None = Field(default=None, max_length=50)
    """``null``: all."""
    editions: list[Line] | None = Field(default=None, max_length=50)
    max_sites: int | None = Field(default=None, ge=0, le=MOST_SITES)
    local_sites: Literal["free", "count"] | None = None
    unstated_domain: Literal["accept", "refuse"] | None = None
    renewal_url: str | None = Field(default=None, max_length=2000)


class PackageMake(_PackageFields):
    """A new package."""

    name: str = Field(min_length=1, max_length=100)
    term: TermKind = "annual"


class PackageEdit(_PackageFields):
    """What to change; what is left out stays as it is. It changes for all who hold its keys."""

    name: str | None = Field(default=None, min_length=1, max_length=100)
    term: TermKind | None = None


class RepoSettings(Given):
    """A repo's settings in force, and what is wrong with them."""

    level: Literal["repo"] = "repo"
    platform: Literal["joomla", "dolibarr", "both", "none"] | None
    """``null``: nothing was said, and the repo is not served."""
    require_key: Literal["true", "download", "false"]
    streams: list[str]
    """As ``LICENSING_STREAMS`` has them: ``name`` or ``name=stability``; ``+``: also listed in open feeds."""
    feed_rules: dict[str, Any]
    """What ``LICENSING_FEED`` says, read."""
    served: bool
    problems: list[str]


class OwnerSettings(Given):
    """An owner's settings in force, and what is wrong with them."""

    level: Literal["owner"] = "owner"
    streams: list[str]
    teams: dict[str, Literal["manager", "support", "viewer"]]
    """Gitea team: role."""
    problems: list[str]


class RepoSettingsEdit(Taken):
    """What to change; ``null`` takes a setting out, so that its default holds."""

    platform: Literal["joomla", "dolibarr", "both", "none"] | None = None
    require_key: Literal["true", "download", "false"] | None = None
    streams: list[Line] | None = Field(default=None, min_length=1, max_length=50)
    feed: str | None = Field(default=None, min_length=1, max_length=60_000)
    """The TOML of ``LICENSING_FEED``."""


class OwnerSettingsEdit(Taken):
    """What to change; ``null`` takes a setting out, so that its default holds."""

    streams: list[Line] | None = Field(default=None, min_length=1, max_length=50)
    teams: dict[str, Literal["manager", "support", "viewer"]] | None = Field(default=None, min_length=1, max_length=50)


class Question(Taken):
    """What a site is, and what it wants to know."""

    key: str = Field(default="", max_length=4096)
    """The code as the customer entered it."""
    domain: str | None = Field(default=None, max_length=4096)
    """The site's domain. Where it is stated it is enforced."""
    stream: Line = ""
    """Ask about the newest release of this stream."""
    version: Line = ""
    """Ask about this version."""
    edition: Line = ""
    repo: Line = ""
    """The repo that the key shall be good for; needed at an owner."""
    activate: bool = False
    """Take one of the key's sites for the domain; else only look."""


class Answer(Given):
    """Whether a key is good, and for what. Of unknown keys and foreign ones nothing is told but that."""

    valid: bool
    code: str
    """One of the codes of docs/codes.md."""
    detail: str
    expires_at: Moment | None = None
    grace_until: Moment | None = None
    streams: list[str] | None = None
    """The streams of its package; ``null``: all, or nothing to tell."""
    sites_used: int | None = None
    sites_allowed: int | None = None
    """0: any number."""
    renewal_url: str = ""


class ExplainQuery(Taken):
    """For whom to explain."""

    domain: str = Field(default="", max_length=4096)
    stream: Line = ""
    edition: Line = ""
    repo: Line = ""
    """The repo that the key shall be good for; needed at an owner."""


class Step(Given):
    """One question on the way to the decision; ``passed`` is ``null`` where an earlier no made it moot."""

    question: str
    code: str
    passed: bool | None


class Explanation(Given):
    """The whole decision."""

    valid: bool
    code: str
    detail: str
    release: str
    """The newest release, about which it was decided."""
    gets: str
    steps: list[Step]


class AuditQuery(PageQuery):
    """Which changes to list."""

    subject: Line = ""
    """Only changes of one thing, such as ``key:12`` or ``package:3``."""
    actor: Line = ""
    """Only what one did, such as ``gitea:7``, ``token:3`` or ``cli:root``; ``gitea``: what any person did."""
    action: Line = ""
    """Only one kind of change, such as ``key.revoke``; ``key``: all that is done to keys."""
    since: Moment | None = None
    until: Moment | None = None
    """Changes before it."""


class Change(Given):
    """Who changed what, when, and from where."""

    id: int
    at: Moment
    actor: str
    origin: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

"""What a person states when issuing keys, checked and in the spelling that is stored."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.errors import InvalidInputError
from bridge.rules.codes import MAX_LEGACY_LENGTH, MIN_LEGACY_LENGTH, Malformed, read_code
from bridge.rules.domains import normalize_pattern
from bridge.rules.hosts import InvalidDomain
from bridge.rules.packages import MOST_SITES
from bridge.rules.terms import Term

MOST_TEXT = 10_000
MOST_LABELS, MOST_DOMAINS = 50, 1000
_MOST_LINE = 200
_MOST_EMAIL = 254  # RFC 5321
_NOTE_MAY_HAVE = "\n\r\t"


@dataclass(frozen=True, slots=True)
class KeyInput:
    """What a person states when issuing keys. Dates, or a term of the keys' own, override the package's term."""

    customer_name: str = ""
    customer_email: str = ""
    domains: tuple[str, ...] = ()
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    term: Term | None = None
    max_sites: int | None = None
    note: str = ""
    payment_ref: str = ""
    labels: tuple[str, ...] = ()
    quantity: int = 1
    is_test: bool = False
    legacy_code: str = ""


def checked(wanted: KeyInput, prefix: str) -> KeyInput:
    """The same in stored spelling: texts trimmed, domains normalised. Raises ``InvalidInputError``."""
    if wanted.max_sites is not None and not 0 <= wanted.max_sites <= MOST_SITES:
        raise InvalidInputError("max_sites", f"max_sites is a whole number from 0 (unlimited) to {MOST_SITES}")
    if wanted.term is not None and wanted.expires_at is not None:
        raise InvalidInputError("term", "a term and an expiry don't go together; say one of them")
    if wanted.term is not None and wanted.term.kind == "custom":
        raise InvalidInputError("term", "a custom term belongs to a package; say a start and an expiry for a key")
    labels = tuple(dict.fromkeys(filter(None, (_line("labels", label) for label in wanted.labels))))
    if len(labels) > MOST_LABELS:
        raise InvalidInputError("labels", f"a key has {MOST_LABELS} labels at most")
    return replace(
        wanted,
        customer_name=_line("name", wanted.customer_name),
        customer_email=_email(wanted.customer_email),
        domains=patterns(wanted.domains),
        note=plain_text("note", wanted.note),
        payment_ref=_line("payment_ref", wanted.payment_ref),
        labels=labels,
        legacy_code=_legacy(wanted.legacy_code, prefix) if wanted.legacy_code else "",
    )


def patterns(domains: Iterable[str]) -> tuple[str, ...]:
    """Domains to assign, normalised, each once. Raises ``InvalidInputError``."""
    found, stated = [], list(domains)
    if len(stated) > MOST_DOMAINS:
        raise InvalidInputError("domains", f"a key is assigned to {MOST_DOMAINS} domains at most")
    for domain in stated:
        try:
            found.append(normalize_pattern(domain))
        except InvalidDomain as error:
            raise InvalidInputError("domains", f"{domain[:80]!r} is not a domain: {error}") from None
    return tuple(dict.fromkeys(found))


def plain_text(field: str, text: str, most: int = MOST_TEXT, allowed: str = _NOTE_MAY_HAVE) -> str:
    """A text without control characters, which PostgreSQL refuses in part and terminals obey."""
    text = text.strip()
    if len(text) > most:
        raise InvalidInputError(field, f"{field} has {most} characters at most")
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in allowed for sign in text):
        raise InvalidInputError(field, f"{field} holds a control character; type it anew instead of pasting it")
    return text


def _line(field: str, text: str) -> str:
    return plain_text(field, text, _MOST_LINE, allowed="")


def _email(text: str) -> str:
    email = plain_text("email", text, _MOST_EMAIL, allowed="")
    local, _, host = email.rpartition("@")
    if email and (not local or not host or any(sign.isspace() for sign in email)):
        raise InvalidInputError("email", "that is not a mail address; a valid one is: ann@example.com")
    return email


def _legacy(text: str, prefix: str) -> str:
    code = read_code(text, prefix)
    if not isinstance(code, Malformed):
        return code.code
    if code.reason == "check":
        sentence = f"that looks like a code of this installation ({prefix}-…) with a typo in it"
    elif code.reason == "feed_token":
        sentence = "that is the token of a personal feed, not a code"
    else:
        sentence = f"a code has {MIN_LEGACY_LENGTH} to {MAX_LEGACY_LENGTH} of the characters A-Z a-z 0-9 _ : . -"
    raise InvalidInputError("legacy_code", sentence)

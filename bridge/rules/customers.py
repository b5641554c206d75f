"""Who is the same customer, by what words one is found, and what of a text is about one."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MARKER = "(erased)"
OTHER = "(another customer)"
# Words by which a name or an address is found; nobody looks for the thirteenth.
MOST_WORDS = 12
MOST_NAME = 200
_START = re.compile(r"(?<!\w)\w")
# What the audit trail keeps under these names is about the customer, whatever it says.
_PERSONAL = frozenset({"customer_name", "customer_email", "name", "email", "note", "reason", "domains", "sites"})
_WHO = frozenset({"customer_name", "customer_email"})


def folded(text: str) -> str:
    """A text as it is compared: neither case nor the way in which accents are written tells two apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def mail_key(email: str) -> str:
    """What makes two mail addresses one customer's: that mail to either comes to the same mailbox.

    Letters are made small and nothing more: ``ß`` is another mailbox than ``ss``, before the ``@`` and behind it, where
    a host stands as mail programs ask for it (RFC 5891; never by the older mapping, which had them the same).
    """
    local, at, host = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    return f"{_small(local)}{at}{_host_key(host) if at else _small(host)}"


def _small(text: str) -> str:
    return unicodedata.normalize("NFC", text.lower())


def _host_key(host: str) -> str:
    if host.isascii():
        return host.lower()
    import idna  # noqa: PLC0415 - its tables weigh megabytes, and most processes never meet such a host

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return _small(host)


def name_key(name: str) -> str:
    """By what a customer's name is sorted; it is no longer than a name may be."""
    return folded(name)[:MOST_NAME]


def words(text: str) -> tuple[str, ...]:
    """A text from each of its words on, folded: ``ann smith`` is found by what begins like it, or like ``smith``."""
    whole = folded(text)
    starts = [0, *(found.start() for found in _START.finditer(whole) if found.start())]
    return tuple(dict.fromkeys(whole[start:] for start in starts[:MOST_WORDS] if whole))


@dataclass(frozen=True, slots=True)
class Traces:
    """By what a customer is recognised in texts: its names and mail addresses, folded.

    A name counts where it stands as words of its own, an address wherever it stands.
    """

    names: frozenset[str]
    mails: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str], mails: Iterable[str]) -> "Traces":
        """From names and addresses as they were written; empty ones are left out."""
        as_written = (folded(each.strip()) for each in mails)
        return cls(frozenset(filter(None, map(folded, names))), frozenset(filter(None, as_written)))

    def stand_in(self, text: str) -> bool:
        """Whether the text names the customer."""
        found = folded(text)
        return any(mail in found for mail in self.mails) or any(_as_words(name, found) for name in self.names)

    def erased(self, facts: Any) -> Any:
        """An audit row's facts without what is about the customer; shape, numbers and dates stay."""
        if isinstance(facts, dict):
            return {
                name: MARKER if name in _PERSONAL and value else self.erased(value) for name, value in facts.items()
            }
        if isinstance(facts, list):
            return [self.erased(value) for value in facts]
        return MARKER if isinstance(facts, str) and self.stand_in(facts) else facts

    def without_others(self, facts: dict[str, Any] | None) -> dict[str, Any] | None:
        """An audit row's facts for the customer's own eyes: who had the key before or after is not told."""
        if facts is None or folded(str(facts.get("customer_email") or "").strip()) in {"", *self.mails}:
            return facts
        return {name: OTHER if name in _WHO else value for name, value in facts.items()}


def _as_words(name: str, text: str) -> bool:
    if not name.isascii():
        return name in text  # many scripts write words without a space between them
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None

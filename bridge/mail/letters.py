"""From a letter to a message as mail programs read it: two parts of one text, headers that nothing breaks out of."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import idna

from bridge.errors import InvalidInputError

_MOST_NAME = 100
_MOST_ADDRESS = 254  # RFC 5321
# As RFC 5322 has it without quotes, and RFC 1123.
_LOCAL = re.compile(r"(?=.{1,64}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written to somebody. ``seller`` is the name beside the sender's address; ``reply_to`` "": the sender."""

    to: str
    subject: str
    text: str
    html: str
    language: str
    sender: str
    seller: str = ""
    reply_to: str = ""


def message(letter: Letter, message_id: str, now: datetime) -> EmailMessage:
    """The message. Raises ``InvalidInputError`` where the address can't be one.

    Programs that answer by themselves are told not to (RFC 3834); it is no mass mail, so it claims no precedence.
    """
    found = EmailMessage(policy=SMTP)
    found["From"] = _address(letter.sender, one_line(letter.seller)[:_MOST_NAME])
    found["To"] = _address(letter.to)
    if letter.reply_to and letter.reply_to != letter.sender:
        found["Reply-To"] = _address(letter.reply_to)
    found["Subject"] = one_line(letter.subject)
    found["Date"] = now
    found["Message-ID"] = message_id
    found["Auto-Submitted"] = "auto-generated"
    found["X-Auto-Response-Suppress"] = "All"
    found.set_content(letter.text, cte="quoted-printable")
    found.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    found["Content-Language"] = letter.language  # last: what was there before would move into the first part
    return found


def one_line(text: str) -> str:
    """A text as a header may hold it: one line, and nothing that is not seen."""
    plain = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join(plain.split())


def _address(address: str, name: str = "") -> Address:
    """An address as a header and every server takes it: in ASCII, the domain translated."""
    local, _, domain = address.rpartition("@")
    try:
        plain = idna.encode(domain, uts46=True).decode("ascii") if not domain.isascii() else domain
    except idna.IDNAError:
        plain = ""
    fits = _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(plain) and len(address) <= _MOST_ADDRESS
    if not fits:
        raise InvalidInputError("email", "the mail address can't be written to; correct it at the key")
    return Address(name, local, plain)

"""How one host is read: out of any address a person or a program may send, down to lower-case ASCII.

Hosts follow the WHATWG URL standard and UTS #46 (non-transitional); labels that begin or end with a hyphen are refused
on top of that, since no such site can exist. What a host *means* is asked in ``domains.py``.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import unquote_to_bytes

MAX_HOST_LENGTH = 253
MAX_LABEL_LENGTH = 63

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://+")
_WEB_SCHEME_WITHOUT_SLASHES = re.compile(r"https?:/*(?![0-9]+(?:[/?#]|$))", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"(?:about|blob|data|file|ftp|javascript|mailto|tel|urn|view-source|wss?):", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class InvalidDomain(ValueError):  # noqa: N818 - named for what happened
    """The text names no host a site could have. ``reason`` is a sentence fragment fit for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def trimmed(text: str) -> str:
    """Strip spaces and invisible characters at both ends, in whatever order they are mixed."""
    start, end = 0, len(text)
    while start < end and (text[start].isspace() or text[start] in _INVISIBLE):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in _INVISIBLE):
        end -= 1
    return text[start:end]


def raw_host(text: str) -> str:
    """Cut the host out of an address; what is left may still be in any script, case or escaping.

    Raises `InvalidDomain` for other schemes than http and https, for control characters and for impossible ports.
    """
    text = trimmed(text).replace("\\", "/")
    if _CONTROL.search(text):
        raise InvalidDomain("it holds control characters")
    if scheme := _SCHEME.match(text):
        if scheme[1].lower() not in {"http", "https"}:
            raise InvalidDomain("only http and https addresses name a site")
        text = text[scheme.end() :]
    elif _OTHER_SCHEME.match(text):
        raise InvalidDomain("only http and https addresses name a site")
    elif web := _WEB_SCHEME_WITHOUT_SLASHES.match(text):
        text = text[web.end() :]
    else:
        text = text.removeprefix("//")
    authority = re.split(r"[/?#]", text, maxsplit=1)[0]
    return _without_port(authority.rpartition("@")[2])


def _without_port(authority: str) -> str:
    if authority.startswith("["):
        host, bracket, port = authority.partition("]")
        host += bracket
    elif authority.count(":") > 1:
        return f"[{authority}]"
    else:
        host, colon, port = authority.partition(":")
        port = colon + port
    if port and not re.fullmatch(r":[0-9]{0,5}", port, re.ASCII):
        raise InvalidDomain("its port is not a number")
    if int(port[1:] or "0") > 0xFFFF:  # noqa: PLR2004 - the highest port there is
        raise InvalidDomain("its port is not a number")
    return host


def canonical_host(raw: str) -> str:
    """Return the lower-case ASCII form of a host that `raw_host` has cut out, ``www.`` still on it.

    IPv4 in any notation comes back as a dotted quad, IPv6 in brackets, mapped IPv4 as IPv4. Raises `InvalidDomain`.
    """
    if raw.startswith("["):
        return _ipv6(raw)
    try:
        host = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeError:
        raise InvalidDomain("it is not valid text") from None
    host = host.lower() if host.isascii() else _mapped(host)
    host = host.removesuffix(".")
    if not host:
        raise InvalidDomain("it names no host")
    labels = [_ascii_label(label) for label in host.split(".")]
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(labels)
    host = ".".join(labels)
    if len(host) > MAX_HOST_LENGTH:
        raise InvalidDomain("it is too long")
    return host


def _mapped(host: str) -> str:
    import idna  # noqa: PLC0415 - its tables weigh megabytes, and most processes never meet such a host

    try:
        return idna.uts46_remap(host, std3_rules=False)
    except (idna.IDNAError, UnicodeError):
        raise InvalidDomain("it holds characters that no domain has") from None


def _ascii_label(label: str) -> str:
    """Return the A-label of one mapped label; the snowman may pass, as in browsers, though registries refuse it."""
    if not label.isascii():
        _check_unicode_label(label)
        label = "xn--" + label.encode("punycode").decode("ascii")
    elif label.startswith("xn--"):
        _check_punycode(label)
    if not label:
        raise InvalidDomain("it has an empty label between two dots")
    if len(label) > MAX_LABEL_LENGTH:
        raise InvalidDomain(f"one of its labels is longer than {MAX_LABEL_LENGTH} characters")
    if _LABEL.fullmatch(label) is None:
        raise InvalidDomain("it holds characters that no domain has")
    return label


def _check_punycode(label: str) -> None:
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
        intact = not decoded.isascii() and _mapped(decoded) == decoded
        intact = intact and decoded.encode("punycode").decode("ascii") == label[4:]
    except (UnicodeError, OverflowError, ValueError):
        intact = False
    if not intact:
        raise InvalidDomain("one of its xn-- labels is not valid punycode")
    _check_unicode_label(decoded)


def _check_unicode_label(label: str) -> None:
    import idna  # noqa: PLC0415 - see `_mapped`

    try:
        idna.check_initial_combiner(label)
        idna.check_bidi(label)
        sound = not label.startswith("xn--") and all(
            idna.valid_contextj(label, at) for at, sign in enumerate(label) if sign in "\u200c\u200d"
        )
    except (idna.IDNAError, UnicodeError, ValueError):
        sound = False
    if not sound:
        raise InvalidDomain("it mixes characters in a way no domain may")


def _ipv4(labels: list[str]) -> str:
    """Read what browsers read: decimal, octal and hexadecimal parts, and a last part that fills the missing ones."""
    try:
        *octets, last = [_ipv4_part(label) for label in labels]
    except ValueError:
        octets, last = [], -1
    if len(octets) > 3 or any(octet > 0xFF for octet in octets) or not 0 <= last < 256 ** (4 - len(octets)):  # noqa: PLR2004
        raise InvalidDomain("it ends in a number but is no IPv4 address")
    return str(IPv4Address(last + sum(octet << (24 - 8 * place) for place, octet in enumerate(octets))))


def _ipv4_part(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") else 10)


def _ipv6(raw: str) -> str:
    if not raw.endswith("]"):
        raise InvalidDomain("its IPv6 address lacks a bracket")
    try:
        address = IPv6Address(raw[1:-1].partition("%")[0])
    except AddressValueError:
        raise InvalidDomain("it is no IPv6 address") from None
    return str(address.ipv4_mapped) if address.ipv4_mapped else f"[{address.compressed}]"

"""What a proxy needs for this installation: the files of deploy/, and the commands that fit copies of them to it."""

import re
import shlex
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from bridge.services.installing.values import Answers, origin_of

Proxy = Literal["nginx", "caddy"]
Place = Literal["shared", "below", "own"]
GITEA, BRIDGE, STORE = "127.0.0.1:3000", "127.0.0.1:8080", "/var/lib/license-bridge/store"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104  names of all addresses
# How the examples name a host.
_HOST = re.compile(r"\{\$\w+_HOST:[a-z.]+\}|\b(?:git\.|licenses\.)?example\.com\b")


@dataclass(frozen=True, slots=True)
class _Way:
    """How one proxy takes our files. ``examples``: for Gitea's host, for a path of it, for a host of the bridge's."""

    copied: str
    home: str
    fitted: str
    below: str
    examples: Mapping[Place, str]
    words: str


_WAYS: Mapping[Proxy, _Way] = {
    "nginx": _Way(
        copied="conf.d license-bridge",
        home="/etc/nginx",
        fitted="conf.d/license-bridge.conf license-bridge/*.conf",
        below="cd license-bridge && "
        r"sed -E 's#^location (=|\^?~) (\^?)/#location \1 \2/git/#' locations.conf > locations-subpath.conf",
        examples={"shared": "gitea.conf", "below": "gitea-subpath.conf", "own": "own-host.conf"},
        words="# This as a file in /etc/nginx/conf.d. Where the host has a server block already, the lines of it that\n"
        "# name license-bridge/ go into that one instead. Then: nginx -t; systemctl reload nginx",
    ),
    "caddy": _Way(
        copied=".",
        home="/etc/caddy",
        fitted="*.caddy",
        below=r"sed -E 's#(path_regexp) \^/(.*)#\1 ^/git/\2#' license-bridge.caddy > license-bridge-subpath.caddy",
        examples={"shared": "Caddyfile", "below": "Caddyfile.subpath", "own": "Caddyfile.own-host"},
        words="# This in /etc/caddy/Caddyfile. Where the host has a block already, its log and import go there,\n"
        "# before Gitea's own lines. Then: caddy validate --config /etc/caddy/Caddyfile; systemctl reload caddy",
    ),
}


def shipped() -> Path:
    """Where the files of deploy/ are: in the checkout, or where installing the program put them."""
    checkout = Path(__file__).parents[2] / "deploy"
    return checkout if checkout.is_dir() else Path(sysconfig.get_path("data")) / "share" / "license-bridge"


def instructions(proxy: Proxy, answers: Answers) -> str:
    """Commands for root's shell and what to write then: into Gitea's own host, or for a host of the bridge's own."""
    way, place = _WAYS[proxy], _place(answers)
    example = (shipped() / proxy / f"{way.examples[place]}.example").read_text(encoding="utf-8")
    server = re.sub(r"\A(?:#.*\n)+\n?", "", example)
    commands = "\n".join(_commands(way, shipped() / proxy, answers, place))
    fitted = _with_host(_with_path(server, answers), proxy, answers)
    return f"{commands}\n\n{way.words}\n\n{fitted}"


def _place(answers: Answers) -> Place:
    if origin_of(answers.public_url) != origin_of(answers.gitea_public_url):
        return "own"
    return "below" if urlsplit(answers.public_url).path else "shared"


def _commands(way: _Way, source: Path, answers: Answers, place: Place) -> Iterator[str]:
    copied = " ".join(shlex.quote(str(source / name)) for name in way.copied.split())
    yield f"cp -R {copied if way.copied != '.' else f'{copied}/.'} {way.home}/"
    yield f"cd {way.home}"
    changes = [f"-e {shlex.quote(f's#{re.escape(old)}#{_escaped(new)}#')}" for old, new in _moved(answers)]
    if changes:
        yield f"sed -i {' '.join(changes)} {way.fitted}"
    if place == "below":
        yield _with_path(way.below, answers)


def _moved(answers: Answers) -> Iterator[tuple[str, str]]:
    """What is elsewhere than the files say."""
    host, _, port = answers.bind.rpartition(":")
    there = (
        (GITEA, urlsplit(answers.gitea_url).netloc),
        (BRIDGE, f"{_EVERYWHERE.get(host, host)}:{port}"),
        (STORE, str(answers.data_dir.absolute() / "store")),
    )
    return ((old, new) for old, new in there if old != new)


def _escaped(text: str) -> str:
    """For the right side of sed's ``s#…#…#``."""
    return re.sub(r"[\\&#]", r"\\\g<0>", text)


def _with_path(text: str, answers: Answers) -> str:
    path = urlsplit(answers.public_url).path
    return re.sub(r"/git\b(?!\.)", lambda _: path, text) if path else text


def _with_host(text: str, proxy: Proxy, answers: Answers) -> str:
    parts = urlsplit(answers.public_url)
    # Caddy makes a certificate for a name, and none for an address that begins with http://.
    plain = f"http://{parts.netloc}" if parts.scheme == "http" else parts.netloc
    host = plain if proxy == "caddy" else parts.hostname or ""
    return _HOST.sub(lambda _: host, text)

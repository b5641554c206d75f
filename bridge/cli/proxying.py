"""What a proxy needs to be told, for this installation."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from bridge.services.installing.values import Answers, origin_of

Proxy = Literal["nginx", "caddy"]
SNIPPETS = Path(__file__).parent / "proxies"
_BIND, _HOST, _STORE = "127.0.0.1:8080", "bridge.example", "/var/lib/license-bridge/store"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104  names of all addresses


def snippet(proxy: Proxy, answers: Answers) -> str:
    """The lines for nginx or Caddy: into Gitea's own host, or for a host of the bridge's own."""
    own_host = origin_of(answers.public_url) != origin_of(answers.gitea_public_url)
    text = (SNIPPETS / f"{proxy}{'-own-host' if own_host else ''}.conf").read_text(encoding="utf-8")
    host, _, port = answers.bind.rpartition(":")
    text = text.replace(_BIND, f"{_EVERYWHERE.get(host, host)}:{port}")
    text = text.replace(_HOST, urlsplit(answers.public_url).hostname or _HOST)
    return text.replace(_STORE, str(answers.data_dir / "store"))

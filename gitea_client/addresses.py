"""Addresses of a Gitea: where it is, and safe paths below."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlsplit


def checked_base(url: str) -> str:
    """Return an http(s) address without its trailing slash; ValueError when it holds a password, query or fragment."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the address of Gitea must begin with http:// or https:// and name a host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("the address of Gitea must hold no password, query or fragment")
    return url.rstrip("/")


def quoted_path(segments: Sequence[str]) -> str:
    """Join path segments, each quoted whole; ValueError for one that is empty or would climb (``.``, ``..``)."""
    if any(segment in {"", ".", ".."} for segment in segments):
        raise ValueError("a path segment is empty, '.' or '..'")
    return "".join("/" + quote(segment, safe="") for segment in segments)


def redirect_path(location: str, base_url: str) -> str | None:
    """Return the path of a redirect that stays on Gitea's own origin; None when it leads elsewhere or nowhere."""
    if not location:
        return None
    target, base = urlsplit(location), urlsplit(base_url)
    if target.netloc and (target.scheme or base.scheme, target.netloc) != (base.scheme, base.netloc):
        return None
    return target.path or None

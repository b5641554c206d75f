"""The files that a page of the pretend Gitea is styled with: few, but with the names and the variables of Gitea."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gitea_client.simulator.auth import world
from gitea_client.simulator.errors import not_found

pages = Blueprint("styles", __name__)
DEFAULT_THEME = "gitea-auto"
_INDEX = """body{font-family:system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;
background:var(--color-body);color:var(--color-text)}a{color:var(--color-primary)}
button{font:inherit;padding:.4rem .8rem;background:var(--color-button);color:var(--color-text);
border:1px solid var(--color-light-border);border-radius:4px;cursor:pointer}
.people{list-style:none;padding:0}.people li{margin:.4rem 0}.people button{width:100%;text-align:start}
"""
_LIGHT = (
    ":root{--is-dark-theme:false;--color-primary:#4183c4;--color-body:#fff;--color-text:#181c21;"
    "--color-button:#f7f8fa;--color-light-border:#0a0a0a1d;--color-pretended:light}"
)
_DARK = (
    ":root{--is-dark-theme:true;--color-primary:#4183c4;--color-body:#1b1d1f;--color-text:#d2d4d8;"
    "--color-button:#171a1e;--color-light-border:#e8f3ff28;--color-pretended:dark}"
)
_THEMES = {
    "gitea-light": _LIGHT,
    "gitea-dark": _DARK,
    "gitea-auto": f"@media (prefers-color-scheme:light){{{_LIGHT}}}@media (prefers-color-scheme:dark){{{_DARK}}}",
}
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="#609926"/>'
    '<path d="M6 8h12v7a3 3 0 0 1-3 3H9a3 3 0 0 1-3-3z" fill="#fff"/></svg>'
)


def chosen_theme() -> str:
    """The theme of a browser: guests choose one in a cookie, since 1.26."""
    chosen = request.cookies.get("gitea_theme", "") if world().since(1, 26) else ""
    return chosen if chosen in _THEMES else DEFAULT_THEME


def file_of(theme: str) -> str:
    """The name of a theme's file: with a hash in it since 1.26."""
    return f"theme-{theme}.P7Zs1mEd.css" if world().since(1, 26) else f"theme-{theme}.css"


@pages.get("/assets/css/<name>")
def style(name: str) -> Response:
    """A stylesheet."""
    if name.startswith("index."):
        return Response(_INDEX, mimetype="text/css")
    theme = next((theme for theme in _THEMES if file_of(theme) == name), None)
    if theme is None:
        raise not_found()
    return Response(_THEMES[theme], mimetype="text/css")


@pages.get("/assets/img/logo.svg")
def logo() -> Response:
    """The mark in the corner."""
    return Response(_LOGO, mimetype="image/svg+xml")

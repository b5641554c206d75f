"""People in browsers, without one: they sign in through the pretended Gitea and send forms as a browser would."""

import functools
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask
from support.api_world import PEOPLE, Api, build_api
from support.bridges import Installation

CLIENT = ("licensing", "the secret of the tests")
PUBLIC = "https://git.example.com"
CALLBACK = f"{PUBLIC}/-/licensing/oauth/callback"
HOME = "/acme/mod-weather/licenses"
COOKIE = "__Host-licensing"


def build_pages(made: Installation) -> "Pages":
    """The API's world, with a bridge that is registered with the pretended Gitea; both have one clock."""
    api = build_api(made)
    made.world.now = made.clock
    made.world.add_application("Licensing", [CALLBACK], client_id=CLIENT[0], client_secret=CLIENT[1])
    return Pages(api)


@dataclass
class Pages:
    """What a test visits."""

    api: Api
    visitors: dict[str, "Visitor"] = field(default_factory=dict)

    @property
    def made(self) -> Installation:
        """The installation."""
        return self.api.made

    @functools.cached_property
    def app(self) -> Flask:
        """The web side that all browsers visit."""
        return self.made.client().application

    def browser(self, *, restarted: bool = False) -> "Visitor":
        """A browser of somebody who has not signed in. ``restarted``: at a web side that has just started."""
        client = self.made.client() if restarted else self.app.test_client()
        return Visitor(client, self.made.gitea.base_url)

    def visitor(self, role: str = "owner") -> "Visitor":
        """Somebody in a role, signed in; the same browser each time."""
        if role not in self.visitors:
            self.visitors[role] = self.browser()
            self.visitors[role].sign_in(PEOPLE.get(role, role))
        return self.visitors[role]


class Visitor:
    """A browser: cookies of the bridge in ``client``, those of Gitea in ``gitea``."""

    def __init__(self, client: Any, gitea_url: str) -> None:
        self.client, self.gitea_url = client, gitea_url
        self.gitea = requests.Session()
        self.gitea.trust_env = False

    def sign_in(self, login: str, to: str = HOME) -> Any:
        """All the way: the answer is that of the callback."""
        self.gitea.post(f"{self.gitea_url}/user/login", data={"user_name": login}, allow_redirects=False, timeout=20)
        return self.follow(self.get(to))

    def follow(self, answer: Any) -> Any:
        """Go where a redirect to Gitea leads, agree to what is asked, and come back with the code."""
        location = answer.headers["Location"]
        assert "/login/oauth/authorize" in location, location
        found = self.gitea.get(location, allow_redirects=False, timeout=20)
        if found.status_code == 200:
            fields = hidden(found.text) | {"granted": "true"}
            found = self.gitea.post(
                f"{self.gitea_url}/login/oauth/grant", data=fields, allow_redirects=False, timeout=20
            )
        back = urlsplit(found.headers["Location"])
        return self.get(f"{back.path}?{back.query}")

    def get(self, path: str, **options: Any) -> Any:
        """A page."""
        return self.client.get(path, base_url=PUBLIC, **options)

    def text(self, path: str) -> str:
        """A page that is there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
        return str(answer.get_data(as_text=True))

    def post(self, path: str, fields: Any, *, headers: dict[str, str] | None = None) -> Any:
        """A form as it is, with what a browser says of where it comes from."""
        sent = {"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC} if headers is None else headers
        return self.client.post(path, data=fields, base_url=PUBLIC, headers=sent)

    def fill(self, path: str, fields: Any, *, shown_at: str = "", to: str = "") -> Any:
        """Open a page, fill its form for ``to`` (or ``path``) in and send it."""
        page = self.text(shown_at or path)
        return self.post(to or path, {**form_at(page, to or path), **fields})

    @property
    def cookie(self) -> str:
        """What the session's cookie holds."""
        kept = self.client.get_cookie(COOKIE, domain="git.example.com")
        return kept.value if kept is not None else ""


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of all forms of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def form_at(page: str, action: str) -> dict[str, str]:
    """What the form for an address sends if nobody touches it; of several, the last."""
    forms = re.findall(r"<form[^>]*>.*?</form>", page, re.DOTALL)
    fitting = [
        each for each in forms if re.match(r'<form[^>]*method="post"[^>]*action="' + re.escape(action) + '"', each)
    ]
    assert fitting, f"no form for {action}"
    form = fitting[-1]
    fields = hidden(form)
    for tag in re.findall(r"<input [^>]*>", form):
        said = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if said.get("type") == "hidden" or "name" not in said:
            continue
        if said.get("type") in {"radio", "checkbox"} and " checked" not in tag:
            continue
        fields[said["name"]] = unescape(said.get("value", ""))
    for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        fields[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        fields[name] = unescape(chosen[1]) if chosen else ""
    return fields

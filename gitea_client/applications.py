"""Applications that people sign in to with their Gitea account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from gitea_client.calls import Caller
from gitea_client.shapes import object_of, text
from gitea_client.values import OAuthApplication

_PATH = ("user", "applications", "oauth2")


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application just made, with the secret that Gitea never tells again."""

    application: OAuthApplication
    secret: str = field(repr=False)


class ApplicationCalls(Caller):
    """The part of ``GiteaClient`` that makes and removes OAuth2 applications of the token's own person.

    There is no way to change one here: Gitea makes a new secret with each change, whatever it is about.
    """

    def oauth_applications(self) -> tuple[OAuthApplication, ...]:
        """The applications of whose token this is."""
        return self._list(OAuthApplication.from_json, *_PATH)

    def create_oauth_application(self, name: str, redirect_uris: Sequence[str]) -> NewApplication:
        """Make a confidential application: one that keeps its secret on a server. Needs write:user."""
        body = {"name": name, "redirect_uris": list(redirect_uris), "confidential_client": True}
        made = self._call("POST", *_PATH, json=body, ok=(201,)).json()
        secret = text(object_of(made, "OAuth2 application"), "client_secret")
        return NewApplication(OAuthApplication.from_json(made), secret)

    def delete_oauth_application(self, application_id: int) -> bool:
        """Remove an application; returns whether it was there. Whoever signed in with it is not signed out of Gitea."""
        answer = self._call("DELETE", *_PATH, str(application_id), ok=(204, 404))
        return answer.status != HTTPStatus.NOT_FOUND

"""Questions about people, organizations and teams."""

from __future__ import annotations

from http import HTTPStatus

from gitea_client.calls import Caller
from gitea_client.errors import NotFound
from gitea_client.shapes import flag, list_of, object_of
from gitea_client.values import Account, AccountRef, ApiSettings, ServerVersion, Team


class AccountCalls(Caller):
    """The part of ``GiteaClient`` that asks who somebody is and what they belong to."""

    def version(self) -> ServerVersion:
        """Which Gitea this is."""
        return self._value(ServerVersion.from_json, "version")

    def settings_api(self) -> ApiSettings:
        """How large its pages may be. Needs no token."""
        return self._value(ApiSettings.from_json, "settings", "api")

    def me(self) -> Account:
        """Whose token this is. A token without read:user is ``NotAllowed``, though it may be valid."""
        return self._value(Account.from_user_json, "user")

    def me_by_any_token(self) -> AccountRef:
        """Whose token this is, whatever its scopes: asks the OpenID userinfo page instead of the API.

        ``BadAnswer`` for people who are blocked (Gitea shows them a page, with 200) and where OAuth2 is switched off
        on some versions; ``NotFound`` on others.
        """
        answer = self._ask_page("GET", "login", "oauth", "userinfo")
        return AccountRef.from_userinfo_json(answer.json())

    def owner(self, name: str) -> Account:
        """Return the org or person of that name; ``Moved`` when renamed, ``NotFound`` when absent."""
        try:
            return self.org_account(name)
        except NotFound:
            return self.user_account(name)

    def org_account(self, name: str) -> Account:
        """Return the org of that name; ``NotFound`` when absent, hidden from this token, or a person."""
        return self._value(Account.from_org_json, "orgs", name)

    def user_account(self, name: str) -> Account:
        """Return the person of that name. Gitea shows orgs there too: they look like people who are not active."""
        return self._value(Account.from_user_json, "users", name)

    def person_by_id(self, user_id: int) -> Account | None:
        """Return the person with that id, whatever they are called now; ``None`` when deleted or hidden.

        ``NotFound`` where Gitea's list of users is switched off (``[service.explore] DISABLE_USERS_PAGE``), also for
        site admins.
        """
        if user_id <= 0:
            raise ValueError("Gitea takes an id of 0 for all people, and has pseudo accounts below")
        found = self._list(Account.from_user_json, "users", "search", params={"uid": user_id}, inside="data")
        return next((each for each in found if each.id == user_id), None)

    def repo_teams(self, owner: str, name: str) -> tuple[Team, ...]:
        """Teams of the org that reach the repo; none for a person's repo."""
        answer = self._call("GET", "repos", owner, name, "teams", ok=(200, HTTPStatus.METHOD_NOT_ALLOWED))
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            return ()
        return tuple(Team.from_json(each) for each in list_of(answer.json(), "teams"))

    def org_teams(self, org: str) -> tuple[Team, ...]:
        """All teams of an org. Needs a member's or a site admin's token."""
        return self._list(Team.from_json, "orgs", org, "teams")

    def team_members(self, team_id: int) -> tuple[Account, ...]:
        """The people in a team."""
        return self._list(Account.from_user_json, "teams", str(team_id), "members")

    def is_team_member(self, team_id: int, login: str) -> bool:
        """Whether a person is in a team. No for a team or person that is not there."""
        answer = self._call("GET", "teams", str(team_id), "members", login, ok=(200, 404))
        return answer.status != HTTPStatus.NOT_FOUND

    def is_org_owner(self, org: str, login: str) -> bool:
        """Whether a person is in the org's Owners team.

        Of Gitea's answer only ``is_owner`` is used: it calls real team members strangers (``can_read: false``).
        """
        answer = self._call("GET", "users", login, "orgs", org, "permissions", ok=(200, 404))
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        return flag(object_of(answer.json(), "permissions"), "is_owner")

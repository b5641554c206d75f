"""What can be done to people, orgs, teams and tokens of a pretend Gitea."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from gitea_client.simulator.errors import Refusal
from gitea_client.simulator.models import RANK, UNITS, Account, Right, Team, Token
from gitea_client.simulator.state import State

_LOGIN = re.compile(r"[0-9A-Za-z](?:[-.\w]*\w)?", re.ASCII)


class AccountScripts(State):
    """The part of ``World`` about accounts."""

    def add_user(
        self,
        login: str,
        *,
        is_admin: bool = False,
        full_name: str = "",
        email: str = "",
        password: str = "",
        restricted: bool = False,
    ) -> Account:
        """Add a person."""
        with self.lock:
            self._claim(login)
            account = Account(
                id=self.next_id("account"),
                login=login,
                created=self.now(),
                is_admin=is_admin,
                full_name=full_name,
                email=email or f"{login}@example.org",
                password=password,
                restricted=restricted,
            )
            self.accounts[account.id] = account
            return account

    def add_org(self, name: str, *, owner: str, full_name: str = "", visibility: str = "public") -> Account:
        """Add an org with its Owners team, whose first member is ``owner``."""
        with self.lock:
            first = self.person(owner)
            self._claim(name)
            org = Account(
                id=self.next_id("account"),
                login=name,
                created=self.now(),
                is_org=True,
                full_name=full_name,
                visibility=visibility,
            )
            self.accounts[org.id] = org
            owners = self.add_team(name, "Owners", permission="owner", includes_all=True)
            owners.members.add(first.id)
            return org

    def add_team(
        self,
        org: str,
        name: str,
        *,
        permission: Right = "read",
        units: dict[str, Right] | None = None,
        includes_all: bool = False,
        members: Iterable[str] = (),
        repos: Iterable[str] = (),
    ) -> Team:
        """Add a team.

        ``admin`` and ``owner`` reach every unit; other teams what ``units`` says (default: code and releases, with
        ``permission``), and from 1.24 their general permission is ``none``.
        """
        with self.lock:
            account = self.org(org)
            whole = permission in {"admin", "owner"}
            usual = UNITS if whole else ("repo.code", "repo.releases")
            rights = dict.fromkeys(usual, permission) if whole or not units else dict(units)
            weakest = min(rights.values(), key=RANK.__getitem__)
            team = Team(
                id=self.next_id("team"),
                org_id=account.id,
                name=name,
                permission=permission if whole else "none" if self.since(1, 24) else weakest,
                units=rights,
                includes_all=includes_all,
                members={self.person(login).id for login in members},
                repos={self.repo(org, repo).id for repo in repos},
            )
            self.teams[team.id] = team
            return team

    def add_token(self, login: str, *, scopes: Iterable[str] = ("all",), text: str | None = None) -> str:
        """Add an access token for a person; returns it."""
        text = text or secrets.token_hex(20)
        with self.lock:
            self.tokens[text] = Token(user_id=self.person(login).id, scopes=frozenset(scopes))
        return text

    def rename_account(self, old: str, new: str) -> None:
        """Rename a person or an org; the old name redirects until somebody takes it."""
        with self.lock:
            account = self.account(old)
            if account is None:
                raise Refusal(404, f"user redirect does not exist [name: {old}]")
            self._claim(new)
            account.login = new
            self.account_redirects[old.lower()] = account.id

    def remove_user(self, login: str) -> None:
        """Delete a person with their tokens and seats; refused while they own a repo or are an org's only owner."""
        with self.lock:
            person = self.person(login)
            sole = any(team.permission == "owner" and team.members == {person.id} for team in self.teams.values())
            if sole or any(repo.owner_id == person.id for repo in self.repos.values()):
                raise Refusal(422, "user still has ownership of repositories or is the last owner of an organization")
            for team in self.teams.values():
                team.members.discard(person.id)
            for repo in self.repos.values():
                repo.collaborators.pop(person.id, None)
            for text in [text for text, token in self.tokens.items() if token.user_id == person.id]:
                del self.tokens[text]
            for name in [name for name, found in self.account_redirects.items() if found == person.id]:
                del self.account_redirects[name]
            del self.accounts[person.id]

    def _claim(self, name: str) -> None:
        if not _LOGIN.fullmatch(name):
            raise Refusal(422, f"name is invalid [{name}]")
        if self.account(name) is not None:
            raise Refusal(422, f"user already exists [name: {name}]")
        self.account_redirects.pop(name.lower(), None)

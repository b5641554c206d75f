"""What can be done to repos, variables and hooks of a pretend Gitea."""

from __future__ import annotations

from collections.abc import Iterable

from gitea_client.simulator.errors import Refusal
from gitea_client.simulator.models import Account, Hook, Repo, Right, Variable
from gitea_client.simulator.notices import Notices


class RepoScripts(Notices):
    """The part of ``World`` about repos and what is set on them."""

    def add_repo(
        self,
        owner: str,
        name: str,
        *,
        private: bool = False,
        description: str = "",
        empty: bool = False,
        by: str | None = None,
    ) -> Repo:
        """Add a repo with one commit. It may take an old name of another repo, which then redirects no more."""
        with self.lock:
            account = self.account(owner)
            if account is None:
                raise Refusal(404, f"user redirect does not exist [name: {owner}]")
            if self.repo_of(account.id, name) is not None:
                raise Refusal(409, "The repository with the same name already exists.")
            repo = Repo(
                id=self.next_id("repo"),
                owner_id=account.id,
                name=name,
                created=self.now(),
                private=private,
                description=description,
                empty=empty,
            )
            self.repos[repo.id] = repo
            self.repo_redirects.pop((account.id, name.lower()), None)
            self.tell_repository("created", repo, self.actor_for(repo, by))
            return repo

    def rename_repo(self, owner: str, name: str, new_name: str) -> None:
        """Rename a repo; no hook tells."""
        with self.lock:
            repo = self.repo(owner, name)
            if self.repo_of(repo.owner_id, new_name) not in (None, repo):
                raise Refusal(422, "name is already used")
            self.repo_redirects.pop((repo.owner_id, new_name.lower()), None)
            self.repo_redirects[repo.owner_id, repo.name.lower()] = repo.id
            repo.name = new_name

    def transfer(self, owner: str, name: str, new_owner: str) -> Repo:
        """Give a repo to another owner; no hook tells. Its teams stay behind."""
        with self.lock:
            repo = self.repo(owner, name)
            account = self.account(new_owner)
            if account is None:
                raise Refusal(404, "The new owner does not exist or cannot be found")
            if self.repo_of(account.id, repo.name) is not None:
                raise Refusal(422, "The new owner already has a repository with the same name")
            for team in self.teams.values():
                team.repos.discard(repo.id)
            self.repo_redirects[repo.owner_id, repo.name.lower()] = repo.id
            repo.owner_id = account.id
            return repo

    def delete_repo(self, owner: str, name: str, *, by: str | None = None) -> None:
        """Delete a repo and all that is in it."""
        with self.lock:
            repo = self.repo(owner, name)
            self.tell_repository("deleted", repo, self.actor_for(repo, by))
            del self.repos[repo.id]
            self.variables.pop((0, repo.id), None)
            self.hooks = {hook.id: hook for hook in self.hooks.values() if hook.repo_id != repo.id}
            self.repo_redirects = {old: to for old, to in self.repo_redirects.items() if to != repo.id}

    def set_collaborator(self, owner: str, name: str, login: str, right: Right) -> None:
        """Let a person read, write or administer a repo."""
        with self.lock:
            self.repo(owner, name).collaborators[self.person(login).id] = right

    def set_variable(self, owner: str, name: str, value: str, *, repo: str | None = None) -> None:
        """Set an Actions variable of a repo, or of its owner."""
        with self.lock:
            account = self.account(owner)
            home = (0, self.repo(owner, repo).id) if repo else (account.id if account else 0, 0)
            self.variables.setdefault(home, {})[name.upper()] = Variable(name=name.upper(), value=value)

    def delete_variable(self, owner: str, name: str, *, repo: str | None = None) -> None:
        """Remove an Actions variable, if it is there."""
        with self.lock:
            account = self.account(owner)
            home = (0, self.repo(owner, repo).id) if repo else (account.id if account else 0, 0)
            self.variables.get(home, {}).pop(name.upper(), None)

    def add_hook(
        self,
        url: str,
        secret: str,
        *,
        events: Iterable[str] = ("push", "create", "delete", "release", "repository"),
        org: Account | None = None,
        repo: Repo | None = None,
        content_type: str = "json",
        active: bool = True,
        is_system: bool = True,
        branch_filter: str = "",
        name: str = "",
    ) -> Hook:
        """Add a webhook of the system, an org or a repo."""
        with self.lock:
            hook = Hook(
                id=self.next_id("hook"),
                url=url,
                content_type=content_type,
                secret=secret,
                events=list(events) or ["push"],
                active=active,
                created=self.now(),
                owner_id=org.id if org else 0,
                repo_id=repo.id if repo else 0,
                is_system=is_system and org is None and repo is None,
                branch_filter=branch_filter,
                name=name,
            )
            self.hooks[hook.id] = hook
            return hook

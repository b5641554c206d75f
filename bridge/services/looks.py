"""One look at a repo in Gitea: everything that is asked, nothing that is stored. No transaction is open meanwhile."""

from dataclasses import dataclass, field

from bridge.services import variables
from bridge.services.variables import Reading
from gitea_client.client import GiteaClient
from gitea_client.errors import Moved, NotFound
from gitea_client.levels import Level
from gitea_client.values import Release, Repository

# An old path may lead on over several: the owner renamed, then the repo, then the repo given away.
MOST_HOPS = 5


@dataclass(frozen=True, slots=True)
class Look:
    """What Gitea said."""

    repo: Repository
    owner_kind: str
    owner_values: Reading
    repo_values: Reading
    releases: tuple[Release, ...] = ()
    open_assets: bool | None = None


@dataclass(frozen=True, slots=True)
class NameCheck:
    """Where Gitea leads a former path: to this repo still, to another repo's id, or nowhere."""

    owner_name: str
    repo_name: str
    resolves: bool
    taken_by: int | None = None


@dataclass(slots=True)
class Looker:
    """Asks Gitea. Owners' kinds are remembered, since an id never changes from a person to an organisation."""

    gitea: GiteaClient
    kinds: dict[int, str] = field(default_factory=dict)

    def look(self, repo_id: int) -> Look | None:
        """Everything about a repo that may be served; ``None`` where Gitea has no such id."""
        try:
            repo = self.gitea.repo_by_id(repo_id)
        except NotFound:
            return None
        kind = self.kind(repo)
        owner_values = variables.read(self.gitea, variables.owner_level(repo.owner.login, kind))
        repo_values = variables.read(self.gitea, Level.repo(repo.owner.login, repo.name))
        releases: tuple[Release, ...] = ()
        if repo_values.values is None or repo_values.values.get("LICENSING_PLATFORM"):
            releases = self._releases(repo)
        return Look(repo, kind, owner_values, repo_values, releases, self._open_assets(releases))

    def kind(self, repo: Repository) -> str:
        """``org`` or ``user``."""
        if repo.owner.id not in self.kinds:
            self.kinds[repo.owner.id] = self.gitea.owner(repo.owner.login).kind
        return self.kinds[repo.owner.id]

    def _releases(self, repo: Repository) -> tuple[Release, ...]:
        if not repo.has_releases:  # the token of a site admin would see them all the same; customers must not
            return ()
        found = self.gitea.releases(repo.owner.login, repo.name)
        return tuple(release for release in found if not release.draft)

    def _open_assets(self, releases: tuple[Release, ...]) -> bool | None:
        assets = [asset for release in releases for asset in release.assets]
        return self.gitea.asset_open_to_strangers(assets[0].uuid) if assets else None

    def check_name(self, owner: str, name: str, repo: Repository) -> NameCheck:
        """Follow a former path to its end. Only the id found there counts: names can be taken by strangers."""
        at: tuple[str, str] | None = (owner, name)
        for _ in range(MOST_HOPS):
            if at is None:
                break
            try:
                found = self.gitea.repo(*at)
            except Moved as moved:
                at = moved.new_repo
            except NotFound:
                break
            else:
                same = found.id == repo.id
                return NameCheck(owner, name, same, None if same else found.id)
        return NameCheck(owner, name, resolves=False)

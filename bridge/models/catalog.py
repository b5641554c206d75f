"""What the bridge remembers of Gitea: owners, repos, their names, releases, assets. Keyed by Gitea's ids."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field, SQLModel

from bridge.models.base import gitea_id, json_column, one_of, when


class Owner(SQLModel, table=True):
    """A Gitea organisation or account whose repos may be products."""

    id: int = gitea_id()
    name: str
    kind: str
    settings: dict[str, Any] = json_column(dict)  # last good OwnerSettings
    problems: list[dict[str, str]] = json_column(list)
    revision: int = 0  # raised by every change that a feed may show
    next_sweep_at: datetime | None = when(index=True)

    __table_args__ = (one_of("kind", "org", "user"),)


class Repo(SQLModel, table=True):
    """A Gitea repository that the bridge has looked at."""

    id: int = gitea_id()
    owner_id: int = Field(sa_type=BigInteger, foreign_key="owner.id", index=True)
    name: str
    description: str = ""
    private: bool = False
    settings: dict[str, Any] = json_column(dict)  # last good RepoSettings
    problems: list[dict[str, str]] = json_column(list)
    served: bool = False
    once_served: bool = False
    absent_since: datetime | None = when()  # Gitea answered 404 for its id
    open_assets: bool | None = None  # does Gitea hand the assets to strangers
    revision: int = 0
    refreshed_at: datetime | None = when()
    next_refresh_at: datetime | None = when(index=True)
    next_settings_at: datetime | None = when(index=True)


class RepoName(SQLModel, table=True):
    """A path under which a repo is or was reachable. Lower case; one repo a path."""

    __tablename__: ClassVar[str] = "repo_name"

    owner_name: str = Field(primary_key=True)
    repo_name: str = Field(primary_key=True)
    repo_id: int = Field(sa_type=BigInteger, foreign_key="repo.id", index=True)
    current: bool = True
    once_served: bool = False  # customers have this address: it never turns into a 404
    dead: bool = False  # Gitea no longer leads it to this repo


class Release(SQLModel, table=True):
    """A published Gitea release. Drafts are not kept; a release that vanishes is withdrawn, not forgotten."""

    id: int = gitea_id()
    repo_id: int = Field(sa_type=BigInteger, foreign_key="repo.id", index=True)
    tag: str
    title: str = ""
    notes: str = ""
    prerelease: bool = False
    first_seen_at: datetime = when(nullable=False)
    withdrawn_at: datetime | None = when()


class Asset(SQLModel, table=True):
    """A file of a release. Gitea never changes the bytes behind a uuid."""

    uuid: str = Field(primary_key=True)
    release_id: int = Field(sa_type=BigInteger, foreign_key="release.id", index=True)
    gitea_id: int = Field(sa_type=BigInteger)
    name: str
    size: int = Field(sa_type=BigInteger)
    gone_at: datetime | None = when()
    fetched_at: datetime | None = when()
    sha256: str | None = Field(default=None, index=True)
    sha384: str | None = None
    sha512: str | None = None
    problem_code: str | None = None
    problem: str | None = None  # why it is not fit, in a sentence for its publisher
    attempts: int = 0
    retry_at: datetime | None = when()
    extensions: list[dict[str, Any]] = json_column(list)  # what the ZIP says of itself

    __table_args__ = (
        CheckConstraint("(fetched_at IS NULL) = (sha256 IS NULL)", name="hashed_when_fetched"),
        CheckConstraint("size >= 0", name="size"),
    )

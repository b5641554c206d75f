"""What an installation or its removal consists of. Each step is a value: a dry run prints it, a real one does it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bridge.services.installing.gitea_folder import Difference, GiteaFolder
from bridge.services.installing.values import NAME, named
from bridge.settings.editing import Value
from gitea_client.levels import Level


@dataclass(frozen=True, slots=True)
class Note:
    """Something that stays as it is, or that only a person can do (``warning``)."""

    sentence: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class WriteSecret:
    """A secret in a file of its own."""

    what: str
    name: str
    path: Path
    text: str = field(repr=False)

    @property
    def sentence(self) -> str:
        """What is done."""
        return f"write {self.what} to {self.path}, for this user only"


@dataclass(frozen=True, slots=True)
class WriteConfig:
    """Keys of the configuration that are set (or taken out: ``None``); everything else in it stays."""

    path: Path
    changes: Mapping[str, Value]
    fresh: bool

    @property
    def sentence(self) -> str:
        """What is done."""
        keys = ", ".join(self.changes)
        return f"write {self.path}: {keys}" if self.fresh else f"change {self.path}: {keys}; the rest of it stays"


@dataclass(frozen=True, slots=True)
class Migrate:
    """The database, brought to the present schema."""

    what: str

    @property
    def sentence(self) -> str:
        """What is done."""
        return f"create or upgrade the database ({self.what})"


@dataclass(frozen=True, slots=True)
class CreateHook:
    """A webhook that tells the bridge of releases."""

    level: Level
    address: str
    secret: str = field(repr=False)

    @property
    def sentence(self) -> str:
        """What is done."""
        return f"make the webhook {named(self.level)} that sends to {self.address}"


@dataclass(frozen=True, slots=True)
class DeleteHook:
    """A webhook of our own that is no longer wanted."""

    level: Level
    hook_id: int
    why: str

    @property
    def sentence(self) -> str:
        """What is done."""
        return f"delete the bridge's own webhook {self.hook_id} {named(self.level)}: {self.why}"


@dataclass(frozen=True, slots=True)
class CreateApplication:
    """The application for sign-in; its secret goes into a file at once."""

    callback: str

    @property
    def sentence(self) -> str:
        """What is done."""
        return f"make the application “{NAME}” for sign-in, which returns to {self.callback}"


@dataclass(frozen=True, slots=True)
class DeleteApplication:
    """An application of our own that is no longer wanted."""

    application_id: int
    why: str

    @property
    def sentence(self) -> str:
        """What is done."""
        return f"delete the bridge's own application “{NAME}” (number {self.application_id}): {self.why}"


@dataclass(frozen=True, slots=True)
class Prove:
    """Make Gitea send something, and see it arrive."""

    level: Level
    address: str
    secret: str = field(repr=False)

    @property
    def sentence(self) -> str:
        """What is done."""
        how = {
            "repo": "the webhook's own test",
            "org": f"a private repo in {self.level.path[-1]} that is deleted at once",
        }.get(self.level.kind, "a private repo of the token's account that is deleted at once")
        return f"see that a delivery of the webhook {named(self.level)} arrives, by {how}"


@dataclass(frozen=True, slots=True)
class ChangeGiteaFile:
    """A template or script in Gitea's custom directory; what others wrote into it stays."""

    folder: GiteaFolder
    difference: Difference
    taking_out: bool = False

    @property
    def sentence(self) -> str:
        """What is done."""
        path = self.difference.path
        if self.difference.text is None:
            return f"delete {path}"
        return f"take the bridge's part out of {path}" if self.taking_out else f"write the bridge's part of {path}"


@dataclass(frozen=True, slots=True)
class DeleteVariables:
    """The LICENSING_ variables of a repo or an owner."""

    level: Level
    names: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is done."""
        where = "/".join(self.level.path[1:]) or self.level.sudo or "the token's account"
        return f"delete the variables of {where}: {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class DropDatabase:
    """Everything that the bridge remembers: licenses, customers, copies of release files."""

    what: str

    @property
    def sentence(self) -> str:
        """What is done."""
        return f"delete the database with all licenses ({self.what}) and the copies of release files"


@dataclass(frozen=True, slots=True)
class DeleteConfig:
    """The configuration and its secrets."""

    path: Path

    @property
    def sentence(self) -> str:
        """What is done."""
        return f"delete {self.path} and the secrets beside it"


Step = (
    Note
    | WriteSecret
    | WriteConfig
    | Migrate
    | CreateHook
    | DeleteHook
    | CreateApplication
    | DeleteApplication
    | Prove
    | ChangeGiteaFile
    | DeleteVariables
    | DropDatabase
    | DeleteConfig
)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step. A warning asks the operator to do something."""

    sentence: str
    warning: bool = False

"""A Gitea that knows no bridge yet, a free port, and an empty directory: what `bridge init` begins with."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from gitea_client.simulator import World, create_simulator, serve
from gitea_client.simulator.serving import RunningSimulator
from tools.ports import free_port

DOOR = "/-/licensing/hooks/gitea"


@dataclass
class Ground:
    """Where an installation shall be."""

    world: World
    url: str
    directory: Path
    port: int
    host: str = "127.0.0.1"
    scopes: tuple[str, ...] = ("all",)
    files: list[Path] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.directory / "bridge" / "config.toml"

    @property
    def bind(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def hook_url(self) -> str:
        return f"http://{self.bind}{DOOR}"

    def token_file(self, login: str = "root", scopes: tuple[str, ...] = ("all",), text: str = "") -> Path:
        file = self.directory / f"token-{len(self.files)}"
        file.write_text(text or self.world.add_token(login, scopes=scopes))
        self.files.append(file)
        return file

    def words(self, token: Path | None = None, owner: str = "acme", **options: object) -> list[str]:
        """The words of a first, silent ``bridge init``."""
        given = {"gitea-url": self.url, "owner": owner, "bind": self.bind, "token-file": token or self.token_file()}
        given |= {"wait": 5} | {name.replace("_", "-"): value for name, value in options.items()}
        return ["init", "--yes", *(f"--{name}={value}" for name, value in given.items() if value != "")]

    def hooks(self) -> list[tuple[str, str]]:
        """(level, address) of all hooks in Gitea."""
        kinds = [
            ("system" if hook.is_system else "repo" if hook.repo_id else "org", hook.url)
            for hook in self.world.hooks.values()
        ]
        return sorted(kinds)

    def state(self) -> tuple[Any, ...]:
        """All that could be changed in Gitea."""
        world = self.world
        return (
            sorted(world.hooks),
            sorted(world.applications),
            sorted(world.repos),
            json.dumps(sorted((key, sorted(value)) for key, value in world.variables.items())),
        )


@contextlib.contextmanager
def ground(directory: Path, *, version: str = "1.26.4", below: str = "", host: str = "127.0.0.1") -> Iterator[Ground]:
    """``root`` is site admin, ``olga`` owns acme with two repos, ``dora`` owns a repo herself."""
    world = World()
    world.add_user("root", is_admin=True)
    for login in ("olga", "dora"):
        world.add_user(login)
    world.add_org("acme", owner="olga")
    for owner, name in (("acme", "mod-weather"), ("acme", "plg-rain"), ("dora", "solo")):
        world.add_repo(owner, name)
    app = create_simulator(world, version=version)
    running = serve(app) if not below else _below(app, below)
    yield Ground(world, running.base_url + below, directory, free_port(host), host)
    running.stop()
    world.close()


def _below(app: Any, path: str) -> RunningSimulator:
    """The same Gitea, but its addresses begin with a path; at the root there is something else."""

    def elsewhere(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/html")])
        return [b"<h1>another program</h1>"]

    return RunningSimulator(make_server("127.0.0.1", 0, DispatcherMiddleware(elsewhere, {path: app}), threaded=True))

"""What keeping the catalog true costs Gitea: requests for each repo in a complete round, as a pretend Gitea counts."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bridge.parts import Parts
from bridge.settings import Settings
from bridge.settings.schema import BridgeSettings, GiteaSettings
from bridge.storage import schema
from gitea_client.simulator import World, create_simulator, serve
from tools.bench.scene import PUBLIC_URL, archive

PER_REPO = "reconcile_requests_per_repo"
_OWNER = "acme"


class _Counting:
    """Counts what comes through to an application."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self._inner = inner
        self.requests = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.requests += 1
        return self._inner(environ, start_response)


def reconcile(repos: int, advance: Callable[[], None]) -> dict[str, float]:
    """Read so many repos once, then count what reading them again takes while nothing has changed."""
    world = World()
    world.add_user("root", is_admin=True)
    world.add_user("olga")
    world.add_org(_OWNER, owner="olga")
    token = world.add_token("root")
    ids = [_add_repo(world, number) for number in range(repos)]
    simulator = create_simulator(world)
    counting = _Counting(simulator.wsgi_app)
    simulator.wsgi_app = counting  # type: ignore[method-assign]  # how Flask wants to be wrapped
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, serve(simulator) as gitea:
        parts = Parts(
            Settings(
                gitea=GiteaSettings(url=gitea.base_url, token=SecretStr(token), max_requests_per_second=1000),
                bridge=BridgeSettings(public_url=PUBLIC_URL, owners=[_OWNER], data_dir=Path(directory)),
            )
        )
        try:
            schema.upgrade(parts.engine)
            for repo_id in ids:
                parts.catalog.refresh(repo_id)
                advance()
            before = counting.requests
            for repo_id in ids:
                seen = parts.catalog.refresh(repo_id)
                assert seen.served, "only what is served is reconciled"
                assert seen.complete, "its release has its file"
                advance()
            return {PER_REPO: (counting.requests - before) / repos}
        finally:
            parts.close()
            world.close()


def _add_repo(world: World, number: int) -> int:
    name = f"mod-{number}"
    repo = world.add_repo(_OWNER, name, private=True)
    world.set_variable(_OWNER, "LICENSING_PLATFORM", "joomla", repo=name)
    files = {f"mod_{number}-1.0.0.zip": archive(f"mod_{number}", "1.0.0", 2000)}
    world.publish_release(_OWNER, name, "v1.0.0", files=files)
    return repo.id

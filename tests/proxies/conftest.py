"""Both proxies, in front of servers that tell what arrived, each once for a module."""

from collections.abc import Iterator

import pytest
from support.echoes import Echo
from support.proxies import KINDS, Proxy, Site, running_proxy

from tools.ports import free_port


@pytest.fixture(scope="session")
def echoes() -> Iterator[tuple[Echo, Echo]]:
    """One in place of Gitea, one in place of the bridge."""
    with Echo("gitea") as gitea, Echo("bridge") as bridge:
        yield gitea, bridge


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def proxy(kind: str, echoes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """On one origin with Gitea."""
    gitea, bridge = echoes
    with running_proxy(kind, Site(gitea.url, bridge.url), tmp_path_factory.mktemp(kind)) as running:
        yield running


@pytest.fixture(scope="module")
def without_bridge(kind: str, echoes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The same while the bridge is stopped."""
    gone = f"http://127.0.0.1:{free_port()}"
    with running_proxy(kind, Site(echoes[0].url, gone), tmp_path_factory.mktemp(kind)) as running:
        yield running


@pytest.fixture(scope="module")
def without_gitea(kind: str, echoes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The same while Gitea is stopped."""
    gone = f"http://127.0.0.1:{free_port()}"
    with running_proxy(kind, Site(gone, echoes[1].url), tmp_path_factory.mktemp(kind)) as running:
        yield running

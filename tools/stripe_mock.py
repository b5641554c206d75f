"""Stripe's own ``stripe-mock`` for tests: what Stripe publishes of its API, as a server that knows no state.

It refuses paths and parameters that Stripe's description does not have, and answers with Stripe's own samples.
``python -m tools.stripe_mock`` runs one until Ctrl-C and prints its address; with ``build`` it is only built.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.go_servers import HOST, Server, served
from tools.ports import free_port

VERSION = "0.203.0"
STRIPE_MOCK = Server("stripe-mock", "github.com/stripe/stripe-mock")


@dataclass(frozen=True, slots=True)
class StripeMock:
    """A running one: its address, and what it was made from.

    ``samples``: Stripe's sample of each object, by what the object calls itself. ``description``: Stripe's OpenAPI.
    """

    base_url: str
    samples: Mapping[str, Any] = field(repr=False)
    description: Mapping[str, Any] = field(repr=False)


@contextlib.contextmanager
def running() -> Iterator[StripeMock]:
    """Run one."""
    binary, source, port = obtain(), STRIPE_MOCK.source_dir(VERSION), free_port()
    samples, description = (
        json.loads((source / "embedded" / "openapi" / name).read_text()) for name in ("fixtures3.json", "spec3.json")
    )
    base_url = f"http://{HOST}:{port}"
    # Unless told otherwise it listens for TLS too, at a port where another one of it may be.
    command = [str(binary), "-http-addr", f"{HOST}:{port}", "-https-addr", f"{HOST}:{free_port()}"]
    with served(command, base_url):
        yield StripeMock(base_url, samples["resources"], description)


def obtain() -> Path:
    """Return its path; builds it the first time."""
    # The module carries the list of a vendor directory, but not the directory.
    return STRIPE_MOCK.obtain(VERSION, "-mod=mod")


def main() -> None:
    """Build one, or run one until interrupted or terminated."""
    if sys.argv[1:] == ["build"]:
        print(obtain())
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running() as mock, contextlib.suppress(KeyboardInterrupt):
        print(mock.base_url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()

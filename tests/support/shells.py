"""The command line of an installation, in this process."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.bridges import Installation, install
from support.zips import joomla_module

from bridge.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output, read."""
        return json.loads(self.out)


@dataclass
class Shell:
    """``run("key", "list", "acme")``: with the configuration of the installation."""

    installation: Installation
    config: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: object, config: Path | None = None) -> Ran:
        """Run a command to its end."""
        self.monkeypatch.setattr(sys, "argv", ["bridge", "--config", str(config or self.config), *map(str, words)])
        self.capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ran(code, *self.capsys.readouterr())

    def ok(self, *words: object) -> Ran:
        """Run a command that must succeed."""
        ran = self.run(*words)
        assert (ran.code, ran.err) == (0, "")
        return ran


def write_config(installation: Installation, file: Path, **web: object) -> Path:
    """The installation's settings as a file."""
    settings = installation.settings
    lines = [f"{name} = {json.dumps(value)}" for name, value in web.items()]
    file.write_text(
        f'[gitea]\nurl = "{settings.gitea.url}"\ntoken = "{settings.gitea.token.get_secret_value()}"\n'
        f'webhook_secrets = ["x"]\nmax_requests_per_second = 1000\n'
        f'[bridge]\npublic_url = "https://git.example.com"\nowners = ["acme"]\ndata_dir = "{settings.bridge.data_dir}"\n'
        f'[database]\nurl = "{settings.database.url}"\n[web]\n' + "\n".join(lines) + "\n"
    )
    return file


def prepare(url: str, directory: Path) -> tuple[Installation, Path]:
    """One product, acme/mod-weather, with the releases 1.0.0 and 1.1.0-rc1, read by the bridge."""
    made = install(url, directory)
    made.clock.now = datetime.now(UTC)  # commands know no other clock
    made.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla", LICENSING_REQUIRE_KEY="true")
    for version in ("1.0.0", "1.1.0-rc1"):
        made.publish("acme", "mod-weather", version, {f"mod_weather-{version}.zip": joomla_module("weather", version)})
    return made, write_config(made, directory / "config.toml")

"""What the tests of settings share."""

import pytest


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A writer of the configuration file; relative paths and variables of the machine do not reach the test."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "config.toml"

    def write(text):
        file.write_text(text, encoding="utf-8")
        return file

    return write

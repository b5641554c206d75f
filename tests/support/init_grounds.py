"""``bridge init`` on a ground of its own, for what must not happen: ``place`` is the ground, ``run`` runs a command on it."""

import sys

import pytest
from support.installing import ground


@pytest.fixture
def place(tmp_path):
    with ground(tmp_path) as made:
        yield made


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command as a shell does; returns (exit code, output, errors)."""
    from bridge.cli import main

    def command(place, *words):
        monkeypatch.setattr(sys, "argv", ["bridge", "--config", str(place.config), *map(str, words)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def refused(place, run, words, code, *told):
    before = place.state()
    ended, out, err = run(place, *words)
    assert ended == code, out + err
    for each in told:
        assert each in err
    assert place.state() == before
    assert not place.config.exists()
    return err

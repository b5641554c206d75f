"""The lines for a proxy: one truth for the program and for deploy/, fitted to an installation."""

from pathlib import Path

import pytest

from bridge.cli.proxying import SNIPPETS, snippet
from bridge.services.installing.values import Answers

DEPLOY = Path(__file__).parents[2] / "deploy"
# What deploy/ shows is what the program prints where nothing is moved.
SAME = {"nginx.conf": "nginx.conf.example"}


def answers(public_url="https://git.example", bind="127.0.0.1:8080", data_dir="/var/lib/license-bridge"):
    gitea = "https://git.example/git"
    return Answers(gitea, gitea, public_url, "", "http://h/h", "https://h/c", ("acme",), "", Path(data_dir), bind, "t")


@pytest.mark.parametrize(("ours", "theirs"), SAME.items())
def test_deploy_shows_the_same_lines(ours, theirs):
    assert (SNIPPETS / ours).read_text() == (DEPLOY / theirs).read_text()


@pytest.mark.parametrize("proxy", ["nginx", "caddy"])
@pytest.mark.parametrize("public_url", ["https://git.example", "https://l.example"])
def test_the_lines_are_fitted_to_the_installation(proxy, public_url):
    text = snippet(proxy, answers(public_url, "[::]:9000", "/srv/bridge"))
    assert "[::1]:9000" in text
    assert "127.0.0.1:8080" not in text
    assert "/var/lib/license-bridge" not in text
    assert ("l.example" in text) is (public_url == "https://l.example")
    assert "bridge.example" not in text


def test_as_they_stand_they_are_for_the_defaults():
    assert snippet("nginx", answers()) == (SNIPPETS / "nginx.conf").read_text()

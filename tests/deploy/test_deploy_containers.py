"""What of the container files can be told without an engine: they fit each other and the rest of the project."""

import re
import shutil
import subprocess

import pytest
import yaml
from support.proxies import DEPLOY

from bridge.settings import load

CONTAINER = DEPLOY / "container"
ROOT = DEPLOY.parent
COMPOSE = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
DOCKERFILE = (CONTAINER / "Dockerfile").read_text()


def test_one_origin_has_gitea_the_bridge_postgresql_and_a_proxy():
    assert set(COMPOSE["services"]) == {"gitea", "bridge", "postgres", "proxy"}
    published = {name for name, service in COMPOSE["services"].items() if "ports" in service}
    assert published == {"proxy"}


def test_every_image_is_named_with_its_version():
    images = [each["image"] for each in COMPOSE["services"].values() if "build" not in each]
    images.append(re.search(r"^ARG PYTHON=(\S+)", DOCKERFILE, re.MULTILINE)[1])
    assert len(images) == 4
    assert all(re.search(r":\d+\.\d+", image) for image in images)


def test_every_file_that_is_mounted_exists():
    mounts = [each.split(":")[0] for service in COMPOSE["services"].values() for each in service["volumes"]]
    files = [each for each in mounts if each.startswith(".")]
    assert len(files) > 4
    assert [each for each in files if not (CONTAINER / each).exists()] == ["./tls"]
    assert {each for each in mounts if not each.startswith(".")} <= set(COMPOSE["volumes"])


def test_every_variable_of_compose_stands_in_the_example():
    used = set(re.findall(r"\$\{(\w+)", (CONTAINER / "compose.yaml").read_text()))
    told = set(re.findall(r"^(\w+)=", (CONTAINER / ".env.example").read_text(), re.MULTILINE))
    assert used == told


def test_the_bridge_understands_what_compose_and_the_image_tell_it(monkeypatch):
    told = {**COMPOSE["services"]["bridge"]["environment"]}
    told |= dict(re.findall(r"(BRIDGE_\w+)=(\S+)", DOCKERFILE))
    for name, value in told.items():
        monkeypatch.setenv(name, re.sub(r"\$\{(\w+)[^}]*\}", "git.example.com", str(value)))
    settings = load()
    assert (settings.bridge.public_url, settings.web.bind) == ("https://git.example.com", "0.0.0.0:8080")
    assert (settings.gitea.url, settings.web.downloads) == ("http://gitea:3000", "x-accel")
    assert settings.database.url.startswith("postgresql://bridge:")


def test_what_is_copied_into_the_image_is_let_through_and_nothing_else():
    copied = {word for line in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]}
    let = {line[1:] for line in (CONTAINER / "Dockerfile.dockerignore").read_text().splitlines() if line[0] == "!"}
    assert copied == let
    assert all((ROOT / each).exists() for each in copied)


def test_the_image_runs_as_nobody_special_and_is_asked_how_it_is():
    last_stage = DOCKERFILE[DOCKERFILE.rindex("FROM ") :]
    assert re.findall(r"^USER (\S+)", last_stage, re.MULTILINE) == ["license-bridge"]
    assert last_stage.index("USER ") < last_stage.index("ENTRYPOINT")
    assert "/-/licensing/health" in last_stage[last_stage.index("HEALTHCHECK") :]
    assert "--require-hashes" in DOCKERFILE


def test_the_proxy_of_compose_is_nginx_with_the_same_files(tmp_path):
    """The script's substitutions, without its last two lines, which are the image's own business."""
    for source, name in (
        ("conf.d/license-bridge.conf", "license-bridge.conf.in"),
        ("gitea.conf.example", "gitea.conf.in"),
    ):
        shutil.copy(DEPLOY / "nginx" / source, tmp_path / name)
    script = (CONTAINER / "proxy.sh").read_text()
    script = "\n".join(line for line in script.splitlines() if "addgroup" not in line)
    done = subprocess.run(
        ["sh", "-c", script],
        env={"CONF": str(tmp_path), "GITEA_HOST": "git.acme.org", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0
    told = (tmp_path / "license-bridge.conf").read_text() + (tmp_path / "gitea.conf").read_text()
    assert "server gitea:3000;" in told
    assert "server bridge:8080;" in told
    assert "server_name git.acme.org;" in told
    assert "/etc/ssl/gitea/fullchain.pem" in told
    assert "example.com" not in told
    assert "127.0.0.1" not in told


@pytest.mark.parametrize("script", ["proxy.sh", "databases.sh"])
def test_the_scripts_are_shell_and_can_be_run(script):
    path = CONTAINER / script
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", path], check=False).returncode == 0

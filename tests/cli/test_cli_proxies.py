"""What is said about the proxy leads to the very files of deploy/, fitted to the installation."""

import subprocess
import tomllib
from pathlib import Path

import pytest
from support.proxies import program

from bridge.cli import proxying
from bridge.cli.proxying import instructions
from bridge.services.installing.values import Answers

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
HOMES = {"nginx": "/etc/nginx", "caddy": "/etc/caddy"}


def answers(public_url="https://git.example.com", bind="127.0.0.1:8080", data_dir="/var/lib/license-bridge"):
    seen_as = "https://git.example.com" if public_url.startswith("https://l.") else public_url
    gitea = "http://127.0.0.1:3000"
    return Answers(
        gitea, seen_as, public_url, "", "http://h/h", "https://h/c", ("acme",), "", Path(data_dir), bind, "t"
    )


def followed(proxy, decided, home):
    """Do what is said, with another directory in place of the proxy's; returns what is left to be written there."""
    home.mkdir(parents=True)
    commands, _, rest = instructions(proxy, decided).replace(f"{HOMES[proxy]}/\n", f"{home}/\n").partition("\n\n")
    commands = commands.replace(f"cd {HOMES[proxy]}", f"cd {home}")
    subprocess.run(["/bin/sh", "-ec", commands], check=True)
    return rest.partition("\n\n")[2]


def files(directory):
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in directory.rglob("*")
        if path.is_file() and path.suffix in {".conf", ".caddy"}
    }


@pytest.mark.parametrize("proxy", HOMES)
def test_where_nothing_is_moved_the_files_are_those_of_deploy(proxy, tmp_path):
    server = followed(proxy, answers(), tmp_path / "home")
    assert files(tmp_path / "home") == files(DEPLOY / proxy)
    example = DEPLOY / proxy / {"nginx": "gitea.conf.example", "caddy": "Caddyfile.example"}[proxy]
    expected = example.read_text().replace("{$GITEA_HOST:git.example.com}", "git.example.com")
    assert server
    assert expected.endswith(server)


@pytest.mark.parametrize("proxy", HOMES)
def test_what_is_moved_is_moved_in_all_of_them(proxy, tmp_path):
    followed(proxy, answers(bind="[::]:9000", data_dir="/srv/a&b"), tmp_path / "home")
    made = "".join(files(tmp_path / "home").values())
    assert "[::1]:9000" in made
    assert "/srv/a&b/store" in made
    assert "127.0.0.1:8080" not in made
    assert proxying.STORE not in made


@pytest.mark.parametrize(
    ("public_url", "present", "absent"),
    [
        ("https://git.test", "git.test", "example.com"),
        ("https://git.test/code", "/code", "/git/"),
        ("https://l.test", "l.test", "gitea.c"),
    ],
)
@pytest.mark.parametrize("proxy", HOMES)
def test_the_server_bears_the_name_of_the_installation(proxy, public_url, present, absent, tmp_path):
    server = followed(proxy, answers(public_url), tmp_path / "home")
    assert present in server
    assert absent not in server
    assert "example.com" not in server


@pytest.mark.parametrize("proxy", HOMES)
def test_the_rules_for_a_path_are_made_as_the_example_says(proxy, tmp_path):
    followed(proxy, answers("https://git.test/code"), tmp_path / "home")
    (made,) = (tmp_path / "home").rglob("*-subpath.c*[!e]")
    assert "^/code/" in made.read_text()
    (example,) = (DEPLOY / proxy).glob("*subpath*.example")
    said = instructions(proxy, answers("https://git.test/git"))
    (command,) = (line.removeprefix("#   ") for line in example.read_text().splitlines() if line.startswith("#   sed"))
    assert command in said


@pytest.mark.parametrize("public_url", ["https://git.test", "https://git.test/code", "https://l.test"])
def test_caddy_takes_what_is_printed(public_url, tmp_path):
    caddy, home = program("caddy"), tmp_path / "home"
    (home / "Caddyfile").write_text(followed("caddy", answers(public_url), home))
    done = subprocess.run([caddy, "adapt", "--config", home / "Caddyfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("public_url", ["https://git.test", "https://git.test/code", "https://l.test"])
def test_nginx_takes_what_is_printed(public_url, tmp_path):
    nginx, home = program("nginx"), tmp_path / "home"
    server = followed("nginx", answers(public_url), home)
    lines = [line for line in server.splitlines() if "ssl_" not in line]
    (home / "conf.d" / "site.conf").write_text("\n".join(lines).replace("443 ssl http2", "4430"))
    for file in home.rglob("*.conf"):
        file.write_text(file.read_text().replace("/var/log/nginx", str(tmp_path)))
    main = f"pid {tmp_path}/pid; events {{}} http {{ include conf.d/*.conf; }}"
    (home / "nginx.conf").write_text(main)
    command = [nginx, "-t", "-e", tmp_path / "errors", "-p", home, "-c", home / "nginx.conf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_installed_program_brings_all_these_files_along():
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    came = {
        f"{target.removeprefix('share/license-bridge/')}/{path.name}"
        for target, patterns in packed.items()
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if path.is_file()
    }
    wanted = {str(path.relative_to(DEPLOY)) for kind in HOMES for path in (DEPLOY / kind).rglob("*") if path.is_file()}
    assert wanted <= came

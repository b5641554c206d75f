"""``make demo`` keeps its word: each line that it prints is run here, and what its title promises comes true."""

import contextlib
import io
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
import requests
from support.journey import eventually

from bridge.cli import main
from tools.ports import free_port

ROOT = Path(__file__).parents[2]
SEEN_WITHIN_SECONDS = 60
EMPTY = "<updates></updates>"


@dataclass(frozen=True)
class Demo:
    """A running one. ``lines``: what to try, as ``(title, command)``, in the order printed."""

    process: "subprocess.Popen[str]"
    url: str
    lines: list[tuple[str, str]]


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Demo]:
    """Start it, and leave nothing behind, however the test ends."""
    port, gitea_port = free_port(), free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", "demo", "--dir", str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PORT": str(port), "GITEA_PORT": str(gitea_port)},
        cwd=ROOT,
        start_new_session=True,
    )
    with process:  # closes the pipe and waits
        try:
            yield _ready(process, f"http://127.0.0.1:{port}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _ready(process: "subprocess.Popen[str]", url: str) -> Demo:
    assert process.stdout is not None
    printed: list[str] = []
    for line in process.stdout:
        printed.append(line.rstrip("\n"))
        if line.startswith("ready: "):
            break
    assert printed[-1:] == [f"ready: {url}"], printed
    shown = printed[1:-1]  # between "Starting …" and "ready: …" every title is followed by its command
    titles, commands = shown[::2], [command.strip() for command in shown[1::2]]
    return Demo(process, url, list(zip(titles, commands, strict=True)))


def _press_ctrl_c(demo: Demo) -> int:
    """As a terminal sends it: to the whole group."""
    os.killpg(demo.process.pid, signal.SIGINT)
    return demo.process.wait(60)


def _run(command: str) -> str:
    """What a line prints. ``curl`` is done without curl, ``bridge`` in this process: to load it takes seconds each time."""
    words = shlex.split(command)
    if words[0] in {"curl", "open"}:
        sent = dict(word.split(": ", 1) for word in words if word.startswith("Authorization: "))
        answers = [requests.get(word, headers=sent, timeout=30) for word in words[1:] if word.startswith("http")]
        assert answers
        return "\n".join(f"{answer.status_code} {answer.content.decode(errors='replace')}" for answer in answers)
    assert Path(words[0]).name == "bridge"
    out = io.StringIO()
    with mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(out):
        main()  # ends with SystemExit where something is wrong
    return out.getvalue()


# By the beginning of a title: what its line must print, and what it must not.
PROMISES: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    ("The pages", ("200 ", "Who are you?"), ()),
    ("… where you are asked who you are", ("olga (owner)", "nobody", "root (site admin)"), ()),
    ("A feed with a required key, without one: empty", (EMPTY,), ()),
    ("… with a key (annual, stable)", ("<version>1.2.0<",), ("-rc", "-beta")),
    ("… with a key for early access", ("<version>1.3.0-rc1<", "<version>1.4.0-beta1<"), ()),
    ("… with a revoked key", (EMPTY,), ()),
    ("… with a key of another owner", (EMPTY,), ()),
    ("A personal feed", ("<version>1.2.0<", "/downloads/~"), ()),
    ("A download with the key", ("200 PK",), ()),
    ("… with an expired key", ("403 ", "has expired on"), ("PK",)),
    ("A key for one site", ("<version>1.2.0<",), ()),
    ("… the second is refused", ("403 ", "in use on all its sites"), ("PK",)),
    ("An open feed", ("<version>2.1.0<", "<changelogs>"), ()),
    ("Dolibarr asks", ("200 2.5.6",), ()),
    ("All extensions of the owner", ("pkg_acmeseo",), ("mod_weather",)),
    ("Publish a release", ("v1.5.0 is published",), ()),
    ("What is served", ("acme/mod-weather", "1.2.0"), ()),
    ("Buy a license", ("Your license for Standard", "    LIC-", "Download Key"), ()),
    ("… as a subscription", ("for Early Access", "goes on with each payment", "The key is revoked now"), ()),
    ("… at a pretend PayPal", ("Your license for Standard", "    LIC-"), ()),
    ("The link that sells it", ("200 ", "Pretend checkout", "49.00 EUR"), ()),
    ("What the payment provider told", ("processed",), ("failed", "dead")),
    ("What was mailed", ("keys", "sent"), ("dead",)),
    ("All keys", ("Ann", "revoked"), ()),
    ("Why a key does not work", ("expired: ", "no download"), ()),
    ("Revoke a key", ("is revoked",), ()),
    ("The API, as docs/api.md has it", ("200 ", '"Standard"'), ()),
    ("The API's page", ("200 ", "swagger-ui"), ()),
    ("The pretend Gitea", ("200 ",), ()),
]


def _promise(title: str) -> Callable[[str], bool]:
    found = [(wanted, unwanted) for start, wanted, unwanted in PROMISES if title.startswith(start)]
    assert len(found) == 1, f"no promise is known for the line: {title}"
    wanted, unwanted = found[0]
    return lambda said: all(each in said for each in wanted) and not any(each in said for each in unwanted)


@pytest.mark.slow
def test_each_line_of_the_demo_does_what_its_title_says(tmp_path: Path):
    with running(tmp_path / "demo") as demo:
        lines = dict(demo.lines)
        assert len(lines) == len(PROMISES)
        said: dict[str, str] = {}
        for title, command in demo.lines:
            said[title] = command if title.startswith("… where you are asked") else _run(command)
            assert _promise(title)(said[title]), f"{title}\n{command}\n{said[title]}"

        bought = said["Buy a license at a pretend Stripe; the mail that is printed holds the key"]
        code = re.search(r"LIC(-[0-9A-Z]{5}){5}", bought)
        assert code is not None
        opened = f"{lines['A feed with a required key, without one: empty']}?dlid={code[0]}"
        eventually(lambda: "<version>1." in _run(opened), 10, lambda: "the bought key opens nothing")
        (thanks,) = re.findall(r"after the purchase: (\S+)", bought)
        assert code[0] in requests.get(thanks, timeout=30).text

        with_key = lines["… with a key (annual, stable)"]
        eventually(lambda: EMPTY in _run(with_key), 10, lambda: "the feed of the revoked key is not empty")
        early = lines["… with a key for early access: rc and beta too"]
        eventually(lambda: "<version>1.5.0<" in _run(early), SEEN_WITHIN_SECONDS, lambda: "1.5.0 did not arrive")

        assert _press_ctrl_c(demo) == 0
        assert demo.process.stdout is not None
        assert demo.process.stdout.read().strip() == "Stopped."
        with pytest.raises(requests.ConnectionError):
            requests.get(demo.url, timeout=5)


@pytest.mark.slow
def test_the_demo_starts_again_where_it_was_stopped(tmp_path: Path):
    for _ in range(2):
        with running(tmp_path / "demo") as demo:
            assert EMPTY in _run(dict(demo.lines)["A feed with a required key, without one: empty"])
            assert _press_ctrl_c(demo) == 0


def test_a_port_that_is_taken_is_named_with_the_way_out(tmp_path: Path):
    taken = str(free_port())
    words = ["demo", "--dir", str(tmp_path / "demo"), "--port", str(free_port()), "--gitea-port", taken]
    with socket.create_server(("127.0.0.1", int(taken))):
        done = subprocess.run(
            [sys.executable, "-m", "bridge.cli", *words], capture_output=True, text=True, cwd=ROOT, check=False
        )
    assert done.returncode == 5
    assert f"port {taken} is taken" in done.stderr
    assert "GITEA_PORT=" in done.stderr

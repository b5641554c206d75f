"""docs/api.md is true: each of its lines is run against an installation, and the answers are those that it shows."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api_world import Api
from werkzeug.serving import make_server

from bridge.web.api.description import description

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
HOST = "https://git.example.com"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture
def served(api: Api) -> Iterator[tuple[Api, str]]:
    """The API on a loopback port."""
    server = make_server("127.0.0.1", 0, api.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield api, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def shown(expected: Any, found: Any) -> None:
    """What the page shows is in the answer; the page may leave out, and say … for what differs each time."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            shown(value, found[name])
    elif isinstance(expected, list):
        assert len(expected) == len(found)
        for one, other in zip(expected, found, strict=True):
            shown(one, other)
    else:
        assert found == expected


def test_every_line_of_the_page_works_as_shown(served, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write files
    api, base = served
    environment = {"GIT": base, "TOKEN": api.tokens["owner"], "PACKAGE": str(api.packages["Standard"])}
    answer: Any = None
    run = 0
    for kind, text in BLOCK.findall(PAGE.partition("## Answers")[0]):
        if kind == "json":
            shown(json.loads(text), answer)
        if kind != "sh":
            continue
        if "/sites" in text and "SITE" not in environment:
            _use_on(api, environment["CODE"], "old.example.com")
        answer = _run(text, environment)
        run += 1
        if isinstance(answer, dict) and isinstance(answer.get("keys"), list) and "code" in answer["keys"][0]:
            environment |= {"KEY": str(answer["keys"][0]["id"]), "CODE": answer["keys"][0]["code"]}
        if isinstance(answer, dict) and "token" in answer:
            environment |= {"MACHINE": answer["token"], "TOKEN_ID": str(answer["id"])}
        if isinstance(answer, list) and answer and "key_count" in answer[0]:
            environment["CUSTOMER"] = str(answer[0]["id"])
        if isinstance(answer, list) and answer and "host" in answer[0]:
            environment["SITE"] = str(answer[0]["id"])
    assert run == PAGE.count("curl ") == 27


def _run(text: str, environment: dict[str, str]) -> Any:
    path = {"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1"}
    done = subprocess.run(
        ["bash", "-eu", "-c", text], env=environment | path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout) if done.stdout else None


def _use_on(api: Api, code: str, domain: str) -> None:
    body = {"key": code, "domain": domain, "activate": True}
    assert api.post("repos/acme/mod-weather/license-keys/validate", body, token="").get_json()["valid"]


def test_the_python_of_the_page_checks_a_key(served):
    api, base = served
    (text,) = [text for kind, text in BLOCK.findall(PAGE) if kind == "python"]
    names: dict[str, Any] = {}
    exec(text.replace(HOST, base), names)
    assert names["check"](api.keys["annual"].code, "example.com")["valid"] is True
    assert names["check"]("made-up-code", "example.com")["code"] == "unknown"


@pytest.mark.skipif(shutil.which("php") is None, reason="no PHP is installed")
def test_the_php_of_the_page_checks_a_key(served):
    api, base = served
    (text,) = [text for kind, text in BLOCK.findall(PAGE) if kind == "php"]

    def check(code: str) -> subprocess.CompletedProcess[str]:
        program = text.replace(HOST, base) + f"echo json_encode(check('{code}', 'example.com'));"
        return subprocess.run(["php", "-n", "-r", program], capture_output=True, text=True, check=False)

    assert json.loads(check(api.keys["annual"].code).stdout)["valid"] is True
    assert json.loads(check("made-up-code").stdout)["code"] == "unknown"
    refused = check("x" * 5000)  # an answer of another status is no answer about the key
    assert refused.returncode != 0
    assert "gave no answer" in refused.stdout + refused.stderr


def test_the_php_of_the_page_sends_what_the_description_takes():
    (text,) = [text for kind, text in BLOCK.findall(PAGE) if kind == "php"]
    path = re.search(rf"'{HOST}(/[^']+)'", text)[1].replace("acme/mod-weather", "{owner}/{repo}")
    whole = description()
    operation = whole["paths"][path][re.search(r"'method' => '(\w+)'", text)[1].lower()]
    assert operation["security"] == []
    model = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    sent = set(re.findall(r"'(\w+)' => \$", text))
    assert sent == {"key", "domain"} <= set(whole["components"]["schemas"][model]["properties"])
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")


def test_every_field_that_the_page_shows_is_described():
    described = {
        name for model in description()["components"]["schemas"].values() for name in model.get("properties", {})
    }
    for kind, text in BLOCK.findall(PAGE):
        if kind == "json":
            assert set(re.findall(r'"(\w+)":', text)) - {"quantity"} <= described

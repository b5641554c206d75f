"""A Gitea to test against, pretended or real: the people in it, what a vendor does with it, and who hears of it."""

import itertools
import queue
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from gitea_client.client import GiteaClient
from gitea_client.simulator import World, create_simulator, serve

PASSWORD = "correct-horse-battery"
_numbers = itertools.count(1)


def unique(word):
    """A name that no other test uses, also on a Gitea that outlives the run."""
    return f"{word}-{time.time_ns() // 1000 % 10**9}-{next(_numbers)}"


@dataclass
class Person:
    login: str
    token: str


@dataclass
class GiteaUnderTest:
    """What the contract needs of a Gitea. ``world`` is there when it is pretended."""

    base_url: str
    admin: str
    admin_token: str
    version: tuple
    world: World | None = None
    clients: list = field(default_factory=list)

    def client(self, token=None):
        client = GiteaClient(self.base_url, self.admin_token if token is None else token)
        self.clients.append(client)
        return client

    def close(self):
        for client in self.clients:
            client.close()

    def api(self, method, path, *, token=None, ok=(200, 201, 202, 204), **kwargs):
        """One request as a vendor's script would send it; returns the decoded answer or None."""
        headers = {"Authorization": f"token {token or self.admin_token}"}
        answer = requests.request(
            method, f"{self.base_url}/api/v1{path}", headers=headers, timeout=20, allow_redirects=False, **kwargs
        )
        assert answer.status_code in ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else None

    def person(self, word="person", scopes=("all",)):
        login = unique(word)
        data = {"username": login, "email": f"{login}@example.org", "password": PASSWORD, "must_change_password": False}
        self.api("POST", "/admin/users", json=data)
        return Person(login, self.token_of(login, scopes))

    def token_of(self, login, scopes):
        answer = requests.post(
            f"{self.base_url}/api/v1/users/{login}/tokens",
            json={"name": unique("token"), "scopes": list(scopes)},
            auth=(login, PASSWORD),
            timeout=20,
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["sha1"]

    def org(self, owner, word="org"):
        name = unique(word)
        self.api("POST", "/orgs", token=owner.token, json={"username": name, "visibility": "public"})
        return name

    def repo(self, owner, *, org=None, word="repo", private=False, name=None):
        """A repo of an org, or of its owner; returns (owner's name, repo's name, id)."""
        path = f"/orgs/{org}/repos" if org else "/user/repos"
        data = {"name": name or unique(word), "private": private, "auto_init": True, "default_branch": "main"}
        made = self.api("POST", path, token=owner.token, json=data)
        return made["owner"]["login"], made["name"], made["id"]

    def release(self, owner, repo, tag, **fields):
        data = {"tag_name": tag, "name": tag, "target_commitish": "main", **fields}
        return self.api("POST", f"/repos/{'/'.join(repo[:2])}/releases", token=owner.token, json=data)

    def upload(self, owner, repo, release, name, content):
        path = f"/repos/{'/'.join(repo[:2])}/releases/{release['id']}/assets"
        files = {"attachment": (name, content, "application/zip")}
        return self.api("POST", path, token=owner.token, params={"name": name}, files=files)

    def team(self, owner, org, *, name, permission="read", members=(), repos=(), **fields):
        data = {"name": name, "permission": permission, "units": ["repo.code", "repo.releases"], **fields}
        team = self.api("POST", f"/orgs/{org}/teams", token=owner.token, json=data)
        for member in members:
            self.api("PUT", f"/teams/{team['id']}/members/{member.login}", token=owner.token)
        for repo in repos:
            self.api("PUT", f"/teams/{team['id']}/repos/{'/'.join(repo[:2])}", token=owner.token)
        return team["id"]

    def delete_tag_by_git(self, owner, repo, tag, tmp_path):
        """What ``git push --delete`` does; the simulator has no git and is told."""
        if self.world is not None:
            self.world.delete_tag_by_git(*repo[:2], tag)
            return
        address = f"{self.base_url}/{repo[0]}/{repo[1]}.git".replace("://", f"://{owner.login}:{owner.token}@")
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        push = ["git", "-C", str(tmp_path), "push", "-q", address, f":refs/tags/{tag}"]
        subprocess.run(push, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})


@contextmanager
def simulated(version):
    """A pretend Gitea of a version, with one site admin."""
    world = World()
    app = create_simulator(world, version=version)
    world.add_user("root1", is_admin=True)
    with serve(app) as server:
        parts = tuple(int(part) for part in version.split("."))
        gitea = GiteaUnderTest(server.base_url, "root1", world.add_token("root1"), parts, world)
        yield gitea
        gitea.close()
        world.close()


class Listener:
    """Hears webhooks on a loopback port and keeps them as (headers, body)."""

    def __init__(self):
        heard = self.heard = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                heard.put((dict(self.headers.items()), self.rfile.read(length)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def until(self, matches, seconds=15.0):
        """Return the deliveries up to the first that matches; AssertionError when none comes in time."""
        found, deadline = [], time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                found.append(self.heard.get(timeout=max(0.01, deadline - time.monotonic())))
            except queue.Empty:
                break
            if matches(*found[-1]):
                return found
        raise AssertionError(f"no such delivery among {len(found)}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Scripted:
    """A server that answers each request with what ``answer(path, headers)`` returns: (status, headers, chunks).

    ``seen`` keeps (method, path, headers). Without a Content-Length among the headers, the body ends with the connection.
    """

    def __init__(self, answer):
        seen = self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                seen.append((self.command, self.path, dict(self.headers.items())))
                status, headers, chunks = answer(self.path, self.headers)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):
                    for chunk in chunks:
                        self.wfile.write(chunk)

            def __getattr__(self, name):
                if name in {"do_GET", "do_POST", "do_PUT", "do_DELETE", "do_PATCH"}:
                    return self.handle_any
                raise AttributeError(name)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Clock:
    """A clock that moves only when somebody sleeps or a test says so."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

"""What the client sends, whom it shares its connections with, and how it writes a variable that others write too."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.gitea_fixtures import asked, client, clock, server, world
from support.gitea_worlds import Scripted

from gitea_client.client import GiteaClient
from gitea_client.errors import NotFound, Unreachable
from gitea_client.levels import Level

__all__ = ["asked", "client", "clock", "server", "world"]

JSON = {"Content-Type": "application/json;charset=utf-8"}


class TestWhatIsSent:
    def seen(self, ask, answer=lambda *_: (404, {}, []), **kwargs):
        with Scripted(answer) as server, GiteaClient(server.url, "t" * 40, **kwargs) as client:
            with pytest.raises(NotFound):
                ask(client)
            return server.seen[-1]

    def test_the_token_and_our_name_are_sent_as_headers_only(self):
        method, path, headers = self.seen(lambda client: client.repo("acme", "mod"))
        assert (method, path) == ("GET", "/api/v1/repos/acme/mod")
        assert headers["Authorization"] == f"token {'t' * 40}"
        assert headers["User-Agent"] == "gitea-license-bridge"
        assert "Sudo" not in headers

    def test_acting_as_somebody_is_a_header(self):
        _, path, headers = self.seen(lambda client: client.repo_as("acme", "mod", "sam"))
        assert (path, headers["Sudo"]) == ("/api/v1/repos/acme/mod", "sam")

    @pytest.mark.parametrize("login", ["", " ", "a b", "a\r\nX: y", "é", "-a", "../x"])
    def test_nobody_can_act_as_an_odd_or_empty_name(self, client, login, asked):
        with pytest.raises(ValueError):
            client.repo_as("acme", "mod", login)
        with pytest.raises(ValueError):
            client.user_variables(login)
        assert asked == []

    @pytest.mark.parametrize("name", ["", ".", ".."])
    def test_names_that_would_climb_are_refused_before_asking(self, client, name, asked):
        for ask in (
            lambda: client.repo("acme", name),
            lambda: client.repo(name, "mod"),
            lambda: client.release_by_tag("acme", "mod", name),
            lambda: client.requests_get(f"/orgs/{name}/teams"),
        ):
            with pytest.raises(ValueError):
                ask()
        assert asked == []

    @pytest.mark.parametrize(
        ("name", "path"),
        [("../admin/users", "..%2Fadmin%2Fusers"), ("a?b=c#d", "a%3Fb%3Dc%23d"), ("%2e%2e", "%252e%252e")],
    )
    def test_names_are_quoted_whole(self, name, path):
        assert self.seen(lambda client: client.repo("acme", name))[1] == f"/api/v1/repos/acme/{path}"

    def test_neither_netrc_nor_proxy_variables_change_it(self, monkeypatch, tmp_path):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login evil password evil\n")
        monkeypatch.setenv("NETRC", str(netrc))
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert self.seen(lambda client: client.repo("a", "b"))[2]["Authorization"] == f"token {'t' * 40}"

    def test_cookies_are_not_kept(self):
        def answer(_path, headers):
            assert "Cookie" not in headers
            return 404, {"Set-Cookie": "i_like_gitea=1; Path=/"}, []

        def twice(client):
            with pytest.raises(NotFound):
                client.repo("a", "b")
            client.repo("a", "b")

        assert "Cookie" not in self.seen(twice, answer)[2]

    @pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "é" * 40, "a\t"])
    def test_a_token_that_cannot_be_a_header_is_refused_without_repeating_it(self, token):
        with pytest.raises(ValueError) as caught:
            GiteaClient("http://127.0.0.1:9", token)
        assert token not in str(caught.value)

    @pytest.mark.parametrize(
        "url", ["", "gitea.test", "ftp://gitea.test", "http://", "http://a:b@gitea.test", "http://g/?x", "http://g/#x"]
    )
    def test_an_address_that_is_none_is_refused(self, url):
        with pytest.raises(ValueError):
            GiteaClient(url, None)

    def test_a_sub_path_of_the_address_is_kept(self):
        with Scripted(lambda *_: (200, JSON, [b'{"version": "1.26.4"}'])) as server:
            with GiteaClient(f"{server.url}/git/", None) as client:
                client.version()
            assert server.seen[0][1] == "/git/api/v1/version"

    def test_links_for_people_use_the_public_address(self):
        with GiteaClient("http://gitea:3000", None, public_url="https://code.example/") as client:
            link = client.public_link("acme", "mod", "releases", "tag", "v1/ä")
        assert link == "https://code.example/acme/mod/releases/tag/v1%2F%C3%A4"


class TestSharing:
    def test_another_token_shares_breaker_and_budget(self, client, world, asked):
        olga = client.with_token(world.add_token("olga"))
        assert (olga.me().login, client.me().login) == ("olga", "root1")
        assert len(asked) == 2
        assert olga._transport is client._transport

    def test_threads_share_a_client(self, client):
        with ThreadPoolExecutor(8) as pool:
            assert {repo.name for repo in pool.map(lambda _: client.repo("acme", "mod"), range(40))} == {"mod"}

    def test_a_closed_client_opens_anew(self, client):
        client.close()
        assert client.me().login == "root1"

    def test_requests_per_second_spreads_requests(self, server, clock):
        with GiteaClient(server[1], None, clock=clock, sleep=clock.sleep, requests_per_second=2) as client:
            for _ in range(6):
                client.version()
        assert clock.slept == pytest.approx([0.5] * 4)


class TestVariableRaces:
    def written(self, answers):
        """Set X to 1 against scripted answers (method -> list of statuses or bodies); return the methods asked."""
        queues = {method: list(each) for method, each in answers.items()}

        def answer(_path, headers):
            method = server.seen[-1][0]
            status, data = queues[method].pop(0)
            return status, JSON, [json.dumps(data).encode()] if data is not None else []

        with Scripted(answer) as server, GiteaClient(server.url, None) as client:
            try:
                client.set_variable(Level.org("acme"), "X", "1", "why")
            finally:
                methods = [method for method, _, _ in server.seen]
        return methods

    ABSENT, OTHER, DONE = (
        (404, {"message": "variable not found"}),
        (200, {"name": "X", "data": "0", "description": "why"}),
        (200, {"name": "X", "data": "1", "description": "why"}),
    )

    @pytest.mark.parametrize(
        ("answers", "methods"),
        [
            ({"GET": [DONE]}, ["GET"]),
            ({"GET": [ABSENT], "POST": [(201, None)]}, ["GET", "POST"]),
            ({"GET": [ABSENT], "POST": [(204, None)]}, ["GET", "POST"]),
            ({"GET": [OTHER], "PUT": [(204, None)]}, ["GET", "PUT"]),
            ({"GET": [OTHER], "PUT": [(201, None)]}, ["GET", "PUT"]),
            # Somebody else made it meanwhile: to our value, or to another.
            ({"GET": [ABSENT, DONE], "POST": [(409, {"message": "exists"})]}, ["GET", "POST", "GET"]),
            (
                {"GET": [ABSENT, OTHER], "POST": [(409, {"message": "exists"})], "PUT": [(204, None)]},
                ["GET", "POST", "GET", "PUT"],
            ),
            ({"GET": [ABSENT, DONE], "POST": [(500, {"message": ""})]}, ["GET", "POST", "GET"]),
            # Somebody else removed it meanwhile.
            (
                {"GET": [OTHER, ABSENT], "PUT": [(404, {"message": "gone"})], "POST": [(201, None)]},
                ["GET", "PUT", "GET", "POST"],
            ),
        ],
    )
    def test_it_ends_as_wanted(self, answers, methods):
        assert self.written(answers) == methods

    def test_a_lasting_failure_is_raised_after_three_rounds(self):
        failing = {"GET": [self.ABSENT] * 3, "POST": [(500, {"message": ""})] * 3}
        with pytest.raises(Unreachable) as caught:
            self.written(failing)
        assert caught.value.status == 500

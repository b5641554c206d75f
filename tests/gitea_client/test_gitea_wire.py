"""What the client does when the wire, the server or somebody between misbehaves."""

import gzip
import json
import time

import pytest
from support.gitea_fixtures import asked, client, clock, server, world
from support.gitea_worlds import Scripted

from gitea_client.client import GiteaClient
from gitea_client.errors import BadAnswer, GiteaError, Moved, NotFound, TooManyPages, Unreachable
from gitea_client.levels import Level

__all__ = ["asked", "client", "clock", "server", "world"]

JSON = {"Content-Type": "application/json;charset=utf-8"}


class TestRepeating:
    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    def test_a_read_is_repeated_twice(self, client, world, asked, status):
        world.faults.inject("status", status, times=2)
        assert client.me().login == "root1"
        assert len(asked) == 3

    def test_a_dropped_connection_is_repeated_too(self, client, world, asked):
        world.faults.inject("down", times=1)
        assert client.me().login == "root1"
        assert len(asked) == 2

    def test_after_two_repeats_it_is_unreachable(self, client, world, asked):
        world.faults.inject("status", 503)
        with pytest.raises(Unreachable) as caught:
            client.me()
        assert (caught.value.status, caught.value.path, len(asked)) == (503, "/api/v1/user", 3)

    @pytest.mark.parametrize("status", [500, 404, 409])
    def test_other_statuses_are_not_repeated(self, client, world, asked, status):
        world.faults.inject("status", status, times=1)
        with pytest.raises(GiteaError):
            client.me()
        assert len(asked) == 1

    @pytest.mark.parametrize("kind", ["status", "down"])
    def test_a_post_is_never_repeated(self, client, world, asked, kind):
        world.faults.inject(kind, 503)
        with pytest.raises(Unreachable):
            client.create_hook(Level.repo("acme", "mod"), "http://127.0.0.1:9/", "secret")
        assert len(asked) == 1

    @pytest.mark.parametrize(("told", "slept"), [(2, 2.0), (5, 5.0), (3600, 5.0)])
    def test_gitea_may_say_when_to_ask_again_up_to_five_seconds(self, client, world, clock, told, slept):
        world.faults.inject("status", 503, times=1, retry_after_seconds=told)
        client.me()
        assert clock.slept == [slept]

    def test_pauses_grow_and_stay_short(self, client, world, clock):
        world.faults.inject("status", 503, times=2)
        client.me()
        first, second = clock.slept
        assert 0.1 < first < 0.4
        assert 0.2 < second < 0.8

    def test_a_slow_answer_is_unreachable_and_not_asked_for_again(self, client, world, asked):
        client._transport._timeout = (3.05, 0.4)
        world.faults.inject("slow", 0.8, times=1)
        with pytest.raises(Unreachable, match="in time"):
            client.me()
        assert len(asked) == 1


class TestBreaker:
    def outage(self, client):
        while not client._transport.breaker.is_open:
            with pytest.raises(Unreachable):
                client.me()

    def test_five_failures_in_a_row_stop_the_asking(self, client, world, asked):
        world.faults.inject("status", 503)
        self.outage(client)
        assert len(asked) == 5
        for _ in range(100):
            with pytest.raises(Unreachable):
                client.me()
        assert len(asked) == 5

    def test_after_ten_seconds_one_probe_decides(self, client, world, clock, asked):
        world.faults.inject("status", 503)
        self.outage(client)
        clock.now += 10.1
        with pytest.raises(Unreachable):
            client.me()
        assert len(asked) == 6
        with pytest.raises(Unreachable):
            client.me()
        assert len(asked) == 6
        world.faults.clear()
        clock.now += 10.1
        assert client.me().login == "root1"
        assert client.me().login == "root1"
        assert len(asked) == 8

    def test_answers_between_failures_keep_it_closed(self, client, world, asked):
        for _ in range(4):
            world.faults.inject("status", 503, times=3)
            with pytest.raises(Unreachable):
                client.me()
            with pytest.raises(NotFound):
                client.repo_by_id(404404)
        assert not client._transport.breaker.is_open

    def test_a_refused_budget_proves_nothing(self, server, world, clock):
        refuse = []

        def budget():
            if refuse:
                raise RuntimeError("no more today")

        token = world.add_token("root1")
        with GiteaClient(server[1], token, clock=clock, sleep=clock.sleep, before_request=budget) as client:
            world.faults.inject("status", 503)
            self.outage(client)
            world.faults.clear()
            clock.now += 10.1
            refuse.append(1)
            with pytest.raises(RuntimeError):
                client.me()
            refuse.clear()
            assert client.me().login == "root1"

    def test_a_refused_port_is_unreachable(self, clock):
        with Scripted(lambda *_: (200, {}, [])) as gone:
            url = gone.url
        with GiteaClient(url, None, clock=clock, sleep=clock.sleep) as client, pytest.raises(Unreachable):
            client.version()


class TestOddAnswers:
    @pytest.mark.parametrize("kind", ["html", "broken-json"])
    def test_what_is_not_json_is_a_bad_answer(self, client, world, kind):
        world.faults.inject(kind)
        with pytest.raises(BadAnswer) as caught:
            client.repo("acme", "mod")
        assert (caught.value.method, caught.value.path) == ("GET", "/api/v1/repos/acme/mod")

    @pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"{}", b'{"id": "1"}'])
    def test_json_of_the_wrong_shape_is_a_bad_answer(self, body):
        with Scripted(lambda *_: (200, JSON, [body])) as odd, GiteaClient(odd.url, None) as client:
            for ask in (client.me, client.version, lambda: client.repo("a", "b")):
                with pytest.raises(BadAnswer):
                    ask()

    @pytest.mark.parametrize("body", [b"{}", b'"text"', b"[1]", b"[{}]", b'[{"id": null}]'])
    def test_a_list_of_the_wrong_shape_is_a_bad_answer(self, body):
        with Scripted(lambda *_: (200, JSON, [body])) as odd, GiteaClient(odd.url, None) as client:
            with pytest.raises(BadAnswer) as caught:
                client.releases("a", "b")
            assert caught.value.path == "/api/v1/repos/a/b/releases"

    @pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
    def test_a_body_over_eight_mebibytes_is_a_bad_answer(self, packed):
        whole = b" " * (9 * 1024 * 1024)
        headers = {**JSON, "Content-Encoding": "gzip"} if packed else JSON
        body = gzip.compress(whole) if packed else whole
        with (
            Scripted(lambda *_: (200, headers, [body])) as large,
            GiteaClient(large.url, None) as client,
            pytest.raises(BadAnswer, match="more than"),
        ):
            client.version()

    def test_a_dripping_body_is_given_up(self, clock):
        def drip():
            for _ in range(20):
                clock.now += 10
                yield b" "
                time.sleep(0.01)

        with (
            Scripted(lambda *_: (200, JSON, drip())) as slow,
            GiteaClient(slow.url, None, clock=clock) as client,
            pytest.raises(Unreachable, match="slowly"),
        ):
            client.version()

    @pytest.mark.parametrize(
        ("status", "location"),
        [
            (302, "https://elsewhere.example/login"),
            (301, "https://elsewhere.example/api/v1/user"),
            (307, "//elsewhere.example/api/v1/user"),
            (302, "/user/login"),
            (301, ""),
        ],
    )
    def test_a_redirect_off_the_api_is_a_bad_answer_and_not_followed(self, status, location):
        with Scripted(lambda *_: (status, {"Location": location}, [])) as odd, GiteaClient(odd.url, "t" * 40) as client:
            with pytest.raises(BadAnswer, match="redirect"):
                client.me()
            assert len(odd.seen) == 1

    def test_a_redirect_on_the_same_origin_tells_the_new_path_and_is_not_followed(self):
        with Scripted(lambda *_: (301, {"Location": "/api/v1/repos/a/new?x=1"}, [])) as odd:
            with GiteaClient(odd.url, None) as client, pytest.raises(Moved) as caught:
                client.repo("a", "b")
            assert (caught.value.new_path, len(odd.seen)) == ("/api/v1/repos/a/new", 1)


def page(items, headers=JSON, total=None):
    more = {} if total is None else {"X-Total-Count": str(total)}
    return 200, {**headers, **more}, [json.dumps(items).encode()]


def team(number):
    return {"id": number, "name": f"t{number}"}


class TestPages:
    def found(self, answer):
        with Scripted(answer) as server, GiteaClient(server.url, None) as client:
            teams = client.org_teams("acme")
            return [each.id for each in teams], len(server.seen)

    def test_an_endless_list_is_given_up_after_two_hundred_pages(self, client, world, asked):
        world.max_response_items = 1
        world.faults.inject("endless")
        with pytest.raises(TooManyPages) as caught:
            client.org_teams("acme")
        assert (len(asked), caught.value.path) == (200, "/api/v1/orgs/acme/teams")

    def test_a_list_that_ignores_the_page_ends_and_repeats_nothing(self):
        assert self.found(lambda *_: page([team(1), team(2)])) == ([1, 2], 2)

    def test_a_server_that_caps_pages_lower_still_gives_all(self, client, world, asked):
        for number in range(7):
            world.publish_release("acme", "mod", f"v{number}")
        world.max_response_items = 3
        assert len(client.releases("acme", "mod")) == 7
        assert len(asked) == 3

    def test_without_a_total_a_short_page_is_the_last(self):
        pages = {"1": [team(1), team(2)], "2": [team(3)]}
        assert self.found(lambda path, _: page(pages[path.rpartition("page=")[2]])) == ([1, 2, 3], 2)

    def test_items_that_shift_between_pages_come_once(self):
        pages = {"1": [team(1), team(2)], "2": [team(2), team(3)], "3": []}
        assert self.found(lambda path, _: page(pages[path.rpartition("page=")[2]], total=9)) == ([1, 2, 3], 3)

    def test_an_empty_list_takes_one_request(self):
        assert self.found(lambda *_: page([])) == ([], 1)
        assert self.found(lambda *_: page(None)) == ([], 1)

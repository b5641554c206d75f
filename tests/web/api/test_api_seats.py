"""Calls of the API wait for Gitea, feeds never do: so the API never takes up all workers."""

from contextlib import ExitStack

import pytest

from bridge.web.api.errors import ApiError
from bridge.web.api.seats import Seats


def test_one_worker_is_always_left_for_feeds(tmp_path):
    workers = [Seats(tmp_path, workers=3) for _ in range(3)]
    with workers[0].taken(), workers[1].taken():
        with pytest.raises(ApiError) as refused, workers[2].taken():
            pass
        assert (refused.value.code, refused.value.headers["Retry-After"]) == ("unavailable", "2")
    with workers[2].taken(), workers[0].taken():
        pass


def test_a_seat_comes_back_after_an_error_and_one_worker_alone_has_one(tmp_path):
    seats = Seats(tmp_path, workers=1)
    with pytest.raises(RuntimeError), seats.taken():
        raise RuntimeError
    with seats.taken():
        pass


def test_a_call_without_a_seat_is_told_to_come_again_and_feeds_go_on(installation):
    client = installation.client()
    workers = installation.settings.web.workers
    seats = Seats(installation.settings.bridge.data_dir, workers)
    installation.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla")
    installation.refresh("acme", "mod-weather")
    with ExitStack() as others:
        for _ in range(workers - 1):
            others.enter_context(seats.taken())
        headers = {"Authorization": "token " + "0" * 40}
        answer = client.get("/api/v1/repos/acme/mod-weather/license-keys", headers=headers)
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"]
        assert client.get("/acme/mod-weather/updates.xml").status_code == 200

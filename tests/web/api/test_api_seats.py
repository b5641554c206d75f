"""While others wait for Gitea, calls are answered as far as Gitea need not be asked."""

from contextlib import ExitStack

from support.api_world import REPO, Api

from bridge.services.seats import Seats

KEYS = f"{REPO}/license-keys"


def test_only_who_must_ask_gitea_waits_for_a_seat(shared: Api):
    settings = shared.made.settings
    assert shared.get(KEYS, "owner").status_code == 200
    seats = Seats(settings.bridge.data_dir, settings.web.workers)
    with ExitStack() as others:
        for _ in range(settings.web.workers - 1):
            seats.sit_down(others)
        assert shared.get(KEYS, "owner").status_code == 200  # who that is, is remembered
        assert shared.post(f"{KEYS}/validate", {"key": "x"}, token="").status_code == 200
        unseen = shared.made.world.add_token("olga")
        answer = shared.get(KEYS, token=unseen)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert answer.get_json()["code"] == "unavailable"
    assert shared.get(KEYS, token=unseen).status_code == 200

"""How often one may ask: too many downloads of a key, too many keys that nobody has; never a good key for its address."""

import pytest
from support.bridges import install
from web_shop import add_product, files

FILE = "/acme/weather/downloads/v1.0.0/weather.zip"
GUESSES = ["LIC-22222-22222-22222-22222-22222", "nonsense-key"]


@pytest.fixture
def made(sqlite_url, tmp_path):
    """A shop whose keys may begin three downloads a minute."""
    made = install(sqlite_url, tmp_path, limits={"downloads_per_key_and_minute": 3})
    add_product(made, "acme", "weather", "true")
    made.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    yield made
    made.close()


def statuses(client, paths, origin="198.51.100.7"):
    return [client.get(path, headers={"X-Forwarded-For": origin}).status_code for path in paths]


def test_after_many_keys_that_nobody_has_more_of_them_are_held_up_and_a_good_one_from_there_is_not(made):
    key, client = made.key(made.package("acme")), made.client()
    guesses = [f"{FILE}?dlid={GUESSES[number % 2]}" for number in range(60)]
    assert set(statuses(client, guesses)) == {403}
    answer = client.get(guesses[0], headers={"X-Forwarded-For": "198.51.100.7"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert statuses(client, [f"{FILE}?dlid={key.code}", f"/acme/weather/updates.xml?dlid={key.code}"]) == [200, 200]
    assert statuses(client, guesses[:1], origin="198.51.100.8") == [403]
    made.clock.turn(seconds=61)
    assert statuses(client, guesses[:1]) == [403]


def test_other_refusals_are_explained_however_often(made):
    key, client = made.key(made.package("acme")), made.client()
    made.revoke(key.id)
    assert set(statuses(client, [FILE, f"{FILE}?dlid={key.code}"] * 40)) == {403}


def test_keys_that_nobody_has_count_together_at_downloads_and_at_the_api(made):
    client = made.client()
    statuses(client, [f"{FILE}?dlid={GUESSES[0]}"] * 60)
    asked = client.post(
        "/api/v1/repos/acme/weather/license-keys/validate",
        json={"key": GUESSES[0]},
        headers={"X-Forwarded-For": "198.51.100.7"},
    )
    assert (asked.status_code, asked.json["code"]) == (429, "rate_limited")


def test_a_key_begins_so_many_downloads_a_minute_wherever_from_and_other_keys_are_not_held_up(made):
    package, client = made.package("acme"), made.client()
    key, other = made.key(package), made.key(package)
    for number in range(3):
        assert statuses(client, [f"{FILE}?dlid={key.code}"], origin=f"198.51.100.{number}") == [200]
    answer = client.get(f"{FILE}?dlid={key.code}")
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (
        429,
        "60",
        "private, no-store",
    )
    assert statuses(client, [f"{FILE}?dlid={other.code}", f"/acme/weather/updates.xml?dlid={key.code}"]) == [200, 200]
    made.clock.turn(seconds=61)
    assert statuses(client, [f"{FILE}?dlid={key.code}"]) == [200]


def test_a_download_that_goes_on_is_no_new_one(made):
    key, client = made.key(made.package("acme")), made.client()
    answers = [client.get(f"{FILE}?dlid={key.code}", headers={"Range": "bytes=100-"}).status_code for _ in range(5)]
    assert answers == [206] * 5

"""Bytes of assets: whole or not at all, and the token goes to Gitea alone."""

import pytest
from support.gitea_worlds import Scripted

from gitea_client.client import GiteaClient
from gitea_client.errors import BadAnswer, Unreachable
from gitea_client.simulator import World, create_simulator, serve

UUID = "a518bf3f-7fe5-4c37-899a-5d8164303562"
CONTENT = bytes(range(256)) * 2000


@pytest.fixture(scope="module")
def server():
    world = World()
    app = create_simulator(world)
    world.add_user("root1", is_admin=True)
    world.add_user("olga")
    for name, private in (("open", False), ("closed", True)):
        world.add_repo("olga", name, private=private)
        world.publish_release("olga", name, "v1", files={"mod.zip": CONTENT})
    with serve(app) as running:
        yield world, running.base_url


@pytest.fixture
def world(server):
    yield server[0]
    server[0].faults.clear()
    server[0].serve_direct = False


@pytest.fixture
def client(server):
    with GiteaClient(server[1], server[0].add_token("root1")) as client:
        yield client


def uuid_of(world, repo="closed"):
    return world.found_release("olga", repo, "v1")[1].assets[0].uuid


def fetched(client, uuid, **kwargs):
    with client.asset_stream(uuid, **kwargs) as (size, chunks):
        content = b"".join(chunks)
    assert len(content) == size
    return content


def answering(status=200, headers=None, chunks=(CONTENT,)):
    return Scripted(lambda *_: (status, headers or {}, chunks))


def test_an_asset_that_ends_early_is_a_bad_answer(client, world):
    world.faults.inject("truncate", path="/attachments/")
    with pytest.raises(BadAnswer, match="cut off"):
        fetched(client, uuid_of(world))


def test_a_page_in_place_of_the_file_is_told_by_its_size(client, world):
    world.faults.inject("html", path="/attachments/")
    with pytest.raises(BadAnswer, match="instead of"):
        fetched(client, uuid_of(world), expected_size=len(CONTENT))


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Length": "-5"}, {"Content-Length": "ten"}, {"Content-Length": "5", "Content-Encoding": "gzip"}],
    ids=["none", "negative", "word", "encoded"],
)
def test_a_file_whose_length_is_not_told_is_a_bad_answer(headers):
    with (
        answering(headers=headers) as odd,
        GiteaClient(odd.url, None) as client,
        pytest.raises(BadAnswer),
    ):
        fetched(client, UUID)


def test_a_file_is_asked_for_as_it_is():
    with answering(headers={"Content-Length": str(len(CONTENT))}) as plain, GiteaClient(plain.url, "t" * 40) as client:
        assert fetched(client, UUID, expected_size=len(CONTENT)) == CONTENT
        _, path, headers = plain.seen[0]
    assert (path, headers["Accept-Encoding"]) == (f"/attachments/{UUID}", "identity")
    assert headers["Authorization"] == f"token {'t' * 40}"


def test_object_storage_is_asked_without_the_token(client, world):
    world.serve_direct = True
    assert fetched(client, uuid_of(world), expected_size=len(CONTENT)) == CONTENT


def test_a_redirected_file_that_ends_early_is_a_bad_answer(client, world):
    world.serve_direct = True
    world.faults.inject("truncate", path="/storage/")
    with pytest.raises(BadAnswer, match="cut off"):
        fetched(client, uuid_of(world))


def test_only_one_hop_is_made():
    with (
        answering(303, {"Location": "http://127.0.0.1:9/again"}) as second,
        answering(303, {"Location": f"{second.url}/first"}) as first,
        GiteaClient(first.url, "t" * 40) as client,
    ):
        with pytest.raises(BadAnswer):
            fetched(client, UUID)
        assert [path for _, path, _ in second.seen] == ["/first"]
        assert "Authorization" not in second.seen[0][2]


@pytest.mark.parametrize(
    "location",
    ["", "/user/login", "http://gitea.test/user/login", "file:///etc/passwd", "ftp://x/y", "http://a:b@x/y", "//x/y"],
)
def test_a_redirect_to_no_file_is_not_followed(location):
    with answering(303, {"Location": location}) as odd, GiteaClient(odd.url, "t" * 40) as client:
        with pytest.raises(BadAnswer):
            fetched(client, UUID)
        assert len(odd.seen) == 1


def test_a_broken_off_reading_leaves_the_client_usable(client, world):
    with client.asset_stream(uuid_of(world)) as (_, chunks):
        assert next(chunks)
    assert fetched(client, uuid_of(world)) == CONTENT


def test_a_long_download_does_not_hold_up_other_requests(client, world):
    with client.asset_stream(uuid_of(world)) as (_, chunks):
        next(chunks)
        assert client.version().supported


def test_a_client_that_fetched_with_its_token_asks_as_a_stranger_without_its_cookies(client, world):
    assert fetched(client, uuid_of(world)) == CONTENT
    assert not client.asset_open_to_strangers(uuid_of(world))
    assert client.asset_open_to_strangers(uuid_of(world, "open"))


@pytest.mark.parametrize(
    ("status", "location", "is_open"),
    [
        (200, "", True),
        (206, "", True),
        (416, "", True),
        (303, "https://storage.example/x?signature=1", True),
        (303, "/user/login?redirect_to=%2Fattachments", False),
        (401, "", False),
        (403, "", False),
        (404, "", False),
    ],
)
def test_openness_is_judged_by_what_a_stranger_is_told(status, location, is_open):
    headers = {"Location": location, "Content-Length": "0"}
    with answering(status, headers, ()) as odd, GiteaClient(odd.url, "t" * 40) as client:
        assert client.asset_open_to_strangers(UUID) is is_open
        assert "Authorization" not in odd.seen[0][2]
        assert odd.seen[0][2]["Range"] == "bytes=0-0"


def test_openness_is_unknown_while_gitea_is_down(client, world):
    world.faults.inject("status", 503)
    with pytest.raises(Unreachable):
        client.asset_open_to_strangers(uuid_of(world))

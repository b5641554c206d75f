"""Hooks: hints that are proven, remembered once and queued. What they claim about releases is never believed."""

import threading

import pytest
from sqlmodel import select
from support.bridges import HOOK_SECRET
from support.catalog_worlds import HOOK_DOOR, Story
from support.databases import ONLY_SQLITE
from werkzeug.serving import make_server

from bridge.app import create_app
from bridge.models import HookDelivery, Refresh


@pytest.fixture
def story(installation):
    return Story(installation)


def queue(story):
    with story.made.parts.open_session(read_only=True) as session:
        return {row.repo_id: row for row in session.exec(select(Refresh))}


def deliveries(story):
    with story.made.parts.open_session(read_only=True) as session:
        return [row.delivery_id for row in session.exec(select(HookDelivery))]


def test_a_delivery_that_comes_again_is_queued_once(story):
    product = story.product()
    delivery = story.hook()
    stamp = queue(story)[product].stamp
    story.hook(delivery=delivery)
    assert queue(story)[product].stamp == stamp
    assert deliveries(story) == [delivery]


def test_a_replay_after_the_work_was_done_queues_nothing(story):
    product = story.product()
    delivery = story.hook()
    story.pass_time(seconds=310)
    story.hook(delivery=delivery)
    assert product not in queue(story)


def test_several_hooks_of_one_repo_become_one_place_in_the_queue(story):
    product = story.product()
    for event in ("push", "create", "release"):
        story.hook(event=event, ref="refs/tags/v1" if event == "push" else "v1", ref_type="tag")
    assert list(queue(story)) == [product]
    assert queue(story)[product].reason == "hook release"
    assert len(deliveries(story)) == 3


@ONLY_SQLITE
def test_the_series_of_looks_begins_anew_with_each_hook(story):
    product = story.product()
    story.release("1.2.0", zipped=False)
    story.hook()
    story.pass_time(seconds=60)
    assert queue(story)[product].step == 3
    story.hook()
    assert (queue(story)[product].step, queue(story)[product].digest) == (0, "")


@ONLY_SQLITE
def test_looks_from_before_and_after_a_hook_never_count_as_two_that_agree(story):
    """Else a file uploaded right after the second hook would wait for the next reconcile."""
    story.product()
    old = story.release("1.2.0")
    story.hook()
    story.work()
    story.hook(action="updated")
    story.work()
    story.world.delete_asset(old, old.assets[0].id)
    story.upload(old, "1.2.0", "mod_weather-renamed.zip")
    story.work(seconds=15)
    assert b"mod_weather-renamed.zip" in story.client.get("/acme/mod-weather/updates.xml").data


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("issues", {}),
        ("star", {}),
        ("push", {"ref": "refs/heads/main"}),
        ("create", {"ref": "topic", "ref_type": "branch"}),
        ("delete", {"ref": "topic", "ref_type": "branch"}),
    ],
)
def test_what_says_nothing_about_releases_is_passed_over(story, event, more):
    story.product()
    story.hook(event=event, **more)
    assert queue(story) == {}
    assert deliveries(story) == []


@ONLY_SQLITE
def test_a_hook_of_an_owner_who_is_not_served_is_passed_over(story):
    story.made.add_product("stranger", "mod-evil", LICENSING_PLATFORM="joomla")
    story.hook("stranger/mod-evil")
    assert queue(story) == {}


@ONLY_SQLITE
def test_a_hook_of_a_repo_that_nobody_knows_ends_after_two_looks_and_leaves_nothing(story):
    story.product()
    story.hook("acme/ghost", repo_id=4711)
    story.pass_time(seconds=70)
    assert queue(story) == {}
    assert story.repo(4711) is None
    assert story.status("/acme/ghost/updates.xml") == 404


@ONLY_SQLITE
def test_a_hook_is_about_an_id_whatever_names_it_carries(story):
    """The repo changed hands after the hook was sent: read is what the id is now."""
    product = story.product()
    story.product("beta/other")
    story.release("1.2.0")
    story.world.transfer("acme", "mod-weather", "beta")
    story.hook("acme/mod-weather", repo_id=product)
    story.work()
    assert story.versions("beta/mod-weather") == ["1.2.0"]


@ONLY_SQLITE
def test_what_a_hook_says_of_a_release_is_not_believed(story):
    story.product()
    story.hook(release={"tag_name": "v9.9.9", "draft": False, "assets": [{"uuid": "x", "name": "m.zip"}]})
    story.work()
    assert story.versions() == []


@ONLY_SQLITE
def test_a_hook_of_a_repo_that_is_no_product_is_one_look(story):
    plain = story.made.add_product("acme", "plain")
    story.hook("acme/plain")
    story.work()
    assert story.repo(plain) is not None
    assert queue(story) == {}


@ONLY_SQLITE
@pytest.mark.parametrize("signature", [None, "", "0" * 64, "sha256="])
def test_a_forged_delivery_is_refused_and_leaves_no_trace(story, signature):
    story.product()
    headers = {"X-Gitea-Delivery": "1", "X-Gitea-Event": "release"}
    if signature is not None:
        headers["X-Gitea-Signature"] = signature
    answer = story.client.post(HOOK_DOOR, data=b'{"repository": {"id": 1}}', headers=headers)
    assert answer.status_code == 403
    assert queue(story) == {}
    assert deliveries(story) == []


@ONLY_SQLITE
def test_a_hook_that_the_pretend_gitea_sends_itself_is_understood(story):
    """The whole way over a real socket: signed by Gitea's code path, taken in by ours."""
    product = story.product()
    server = make_server("127.0.0.1", 0, create_app(story.made.settings, story.made.parts))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        story.world.add_hook(f"http://127.0.0.1:{server.port}{HOOK_DOOR}", HOOK_SECRET)
        story.release("1.2.0")
        assert story.world.settle()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert {sent.status for sent in story.world.deliverer.history} == {204}
    assert queue(story)[product].step == 0
    story.work()
    assert story.versions() == ["1.2.0"]


def test_a_test_of_a_hook_is_noted_and_nothing_is_read_anew(story):
    repo_id = story.product()
    commit = "a" * 40
    delivery = story.hook(event="push", ref="refs/heads/main", before=commit, after=commit)
    story.hook(event="push", ref="refs/heads/main", before="b" * 40, after=commit)
    assert story.waiting(repo_id) is None
    with story.made.parts.open_session(read_only=True) as session:
        noted = session.get(HookDelivery, ("gitea", delivery))
        assert (noted.event, noted.repo_id) == ("test", repo_id)
        assert len(session.exec(select(HookDelivery)).all()) == 1


def test_a_test_of_an_owner_who_is_not_served_is_not_even_noted(story):
    story.product("stranger/mod-x")
    story.hook("stranger/mod-x", event="push", ref="refs/heads/main", before="a" * 40, after="a" * 40)
    with story.made.parts.open_session(read_only=True) as session:
        assert session.exec(select(HookDelivery)).all() == []

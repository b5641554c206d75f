"""A shop for each test, on both databases, pulling and pushed; and stories that are told in order and out of it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mail_shops import MailShop
from support.mail_sinks import MailSink
from support.payment_shops import Shop, open_shop

# Each story is told in this many other orders as well, on each database and in each way, and everywhere in others;
# a long run asks for 200 (`BRIDGE_PAYMENT_ORDERS=200`).
ORDERS = int(os.environ.get("BRIDGE_PAYMENT_ORDERS") or "1")
_PLACES = ("sqlite pull", "sqlite push", "postgresql pull", "postgresql push")

Story = Callable[[Shop], Iterator[None]]


@pytest.fixture(autouse=True)
def row(request: pytest.FixtureRequest) -> str:
    """The row of the test plan that is tried, for the name of the test."""
    return getattr(request, "param", "")


@pytest.fixture(params=["pull", "push"])
def way(request: pytest.FixtureRequest) -> str:
    """Whether the account has an API key."""
    found: str = request.param
    return found


@pytest.fixture
def shop(database_url: str, tmp_path: Path, way: str) -> Iterator[Shop]:
    """A shop that sells nothing yet."""
    opened = open_shop(database_url, tmp_path, pull=way == "pull")
    yield opened
    opened.close()


@pytest.fixture
def orders(database_url: str, way: str) -> range:
    """The seeds of the other orders in which each story is told here."""
    place = _PLACES.index(f"{database_url.partition(':')[0].partition('+')[0]} {way}")
    return range(place * ORDERS, (place + 1) * ORDERS)


@pytest.fixture
def tell(shop: Shop, orders: range) -> Callable[[Story], Shop]:
    """Tells a story: what happened up to each ``yield`` is delivered and read.

    Afterwards the same events are delivered in other orders, half of them twice, to books of their own; those must end
    with the same purchases and keys.
    """

    def told(story: Story) -> Shop:
        events = []
        for _ in story(shop):
            news = shop.news()
            events += news
            shop.deliver(news)
        assert events, "a story tells something, and ends with a yield"
        in_order, owner_id, account = shop.conclusion(), shop.owner_id, shop.account
        for seed in orders:
            shop.move_out()
            shop.deliver_shuffled(events, seed)
            assert shop.conclusion() == in_order, f"order {seed}"
        shop.owner_id, shop.account = owner_id, account
        return shop

    return told


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailSink]:
    """A mail server for the tests of a file."""
    made = MailSink()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def sink(mail_server: MailSink) -> MailSink:
    """The server, empty."""
    mail_server.forget()
    return mail_server


@pytest.fixture(scope="module")
def shared_post(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, mail_server: MailSink
) -> Iterator[MailShop]:
    """A shop that mails, on SQLite and without an API key, for the tests of a file."""
    directory = tmp_path_factory.mktemp("shop")
    shutil.copy(migrated_sqlite, directory / "bridge.db")
    opened = open_shop(f"sqlite:///{directory / 'bridge.db'}", directory, pull=False)
    yield MailShop(opened, mail_server)
    opened.close()


@pytest.fixture
def lone_post(shared_post: MailShop) -> MailShop:
    """The same, with empty books."""
    shared_post.begin_anew()
    return shared_post


@pytest.fixture
def post(shop: Shop, sink: MailSink) -> MailShop:
    """A shop that mails."""
    return MailShop(shop, sink)

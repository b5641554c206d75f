"""The link to a customer's own page stands in mails and after a purchase; and a purchase opens no more than it bought."""

import re

import pytest
from mail_shops import SELLER
from pydantic import SecretStr
from sqlmodel import select, update
from support.payment_rows import PULL, SQLITE

from bridge.models import LicenseKey, Outbox, Package, PriceMap
from bridge.rules.payments.messages import Message
from bridge.rules.sellers import Seller
from bridge.services import resending
from bridge.services.reminders import Reminders
from bridge.settings.schema import OAuthSettings
from bridge.storage import outbox

LINK = re.compile(r"https://git\.example\.com(/-/licensing/my/[0-9a-f.]+)")


def sign(post) -> None:
    """From now on there is a secret to sign links with."""
    post.shop.parts.settings.oauth = OAuthSettings(client_secret=SecretStr("a secret for tests"))
    for part in ("mailer", "thanks", "customers"):
        post.shop.parts.__dict__.pop(part, None)


@pytest.fixture
def signing(lone_post):
    sign(lone_post)
    yield lone_post
    lone_post.shop.parts.settings.oauth = OAuthSettings()


def page(post, text: str) -> str:
    """The page that the one link of a text leads to."""
    (path,) = set(LINK.findall(text))
    answer = post.shop.client().get(path)
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def test_every_mail_that_shows_keys_leads_to_the_page_of_all_of_them(signing):
    first, second = signing.shop.buy(), signing.shop.buy()
    signing.shop.deliver()
    for got in (each for each in signing.send() if each.to == ["ann@example.com"]):
        shown = page(signing, got.text())
        assert signing.key_code(0) in shown
        assert signing.key_code(1) in shown
        assert f'<a href="{LINK.search(got.text())[0]}">' in got.text("html")
    assert first != second
    signing.sink.forget()
    key = signing.shop.sold()[0]
    with signing.shop.session() as session:
        row = session.get_one(LicenseKey, key.id)
        resending.of_key(session, row, session.get_one(Package, row.package_id), signing.shop.issuer())
    (got,) = signing.send()
    assert signing.key_code(1) in page(signing, got.text())
    signing.sink.forget()
    signing.shop.clock.turn(days=340)
    Reminders(signing.shop.parts.open_session, signing.shop.clock, [30, 7, 1]).run_due()
    (got,) = signing.send()
    assert "ends on" in got.message["Subject"]
    assert signing.key_code(1) in page(signing, got.text())


@pytest.mark.parametrize(("language", "says"), [("en", "Your licenses from Zeta"), ("de", "Ihre Lizenzen von Zeta")])
def test_a_link_that_was_asked_for_comes_in_the_owners_language(signing, language, says):
    signing.say(Seller(name="Zeta", support=SELLER.support, language=language))
    signing.shop.buy()
    signing.shop.deliver()
    signing.send()
    signing.sink.forget()
    desk = signing.shop.parts.customers
    desk.mail_links(desk.known_by("ANN@example.com"))
    (got,) = [each for each in signing.send() if says in each.message["Subject"]]  # other shops know her too
    assert got.to == ["ann@example.com"]
    assert signing.key_code() not in got.text(), "a mail that anybody asks for holds no key"
    assert signing.key_code() in page(signing, got.text())


def test_a_link_leads_to_all_keys_so_it_is_no_test_though_the_newest_one_is(signing):
    signing.shop.buy()
    signing.shop.deliver()
    signing.send()
    signing.sink.forget()
    with signing.shop.session() as session:
        session.exec(update(LicenseKey).values(is_test=True))
    desk = signing.shop.parts.customers
    desk.mail_links(desk.known_by("ann@example.com"))
    subjects = [got.message["Subject"] for got in signing.send()]
    assert subjects
    assert not [each for each in subjects if "Test" in each]


def test_without_a_secret_no_mail_speaks_of_the_page(lone_post):
    lone_post.shop.buy()
    lone_post.shop.deliver()
    (got,) = lone_post.send()
    assert "sites and downloads" not in got.text()
    lone_post.sink.forget()
    desk = lone_post.shop.parts.customers
    desk.mail_links(desk.known_by("ann@example.com"))
    assert (lone_post.send(), lone_post.stands(Message.LINK)) == ([], ["dropped"])


def test_whoever_pays_under_the_address_of_somebody_else_sees_that_purchase_alone(signing):
    shop = signing.shop
    shop.buy()
    shop.deliver()
    theirs = signing.key_code()
    sale = shop.buy()  # by a stranger, who wrote the same address
    shop.deliver()
    bought = signing.key_code(1)
    thanks = shop.client().get(f"/-/licensing/thanks/{shop.account.endpoint}?session_id={sale}").text
    shown = page(signing, thanks)
    assert (bought in shown, theirs in shown) == (True, False)
    assert "have its address mailed to you" in shown
    (path,) = set(LINK.findall(thanks))
    shop.clock.turn(hours=73)
    answer = shop.client().get(path)
    assert answer.status_code == 404, "it ends with the page that it stands on"
    assert bought not in answer.text


@PULL
@SQLITE
def test_a_key_is_bought_again_where_something_sells_its_package_and_no_page_renews_it(post):
    sign(post)
    post.say(Seller(name="Acme"))
    shop = post.shop
    package = shop.package("Pro")
    shop.buy()
    shop.deliver()
    (got,) = post.send()
    at = f'href="https://git.example.com/-/licensing/buy/{shop.account.endpoint}/{package}"'
    text = page(post, got.text())
    assert at in text
    assert "That brings a new key." in text
    monthly = shop.price("Pro", 900, "month")
    with shop.session() as session:
        session.exec(update(PriceMap).where(PriceMap.match_value == monthly).values(recurring=True))
    once = next(each for each in shop.sells if each != f"price {monthly}").removeprefix("price ")
    assert f'{at[:-1]}?price={once}"' in page(post, got.text()), "the one that is paid once"
    shop.price("Pro", 9900)
    assert at[:-1] not in page(post, got.text()), "nobody said which of two"


def test_links_that_strangers_ask_for_hold_up_nothing_else(signing):
    signing.configure(mails_per_owner_and_day=20)
    signing.shop.buy()
    signing.shop.deliver()
    signing.send()
    shop, (key,) = signing.shop, signing.shop.sold()
    with shop.session() as session:
        for number in range(5):
            outbox.put(session, f"{number}", Message.LINK, shop.owner_id, shop.clock(), reference={"keys": [key.id]})
        about = {"keys": [key.id], "expires": "2027-03-01T12:00:00+00:00"}
        outbox.put(session, "last", Message.REMINDER, shop.owner_id, shop.clock(), reference=about)
    signing.send()
    with shop.session(read_only=True) as session:
        rows = session.exec(select(Outbox).where(Outbox.kind != Message.KEYS)).all()
    assert sorted(row.status for row in rows if row.kind == Message.LINK) == ["new"] * 3 + ["sent"] * 2
    assert [row.status for row in rows if row.kind == Message.REMINDER] in (["sent"], ["dropped"])

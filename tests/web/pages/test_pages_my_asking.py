"""Where a customer asks for a link to the own page: nobody learns from the answer who is a customer."""

from html import unescape

import pytest
from sqlmodel import select
from support.page_customers import DOOR, OURS, browser, without_token
from support.page_visits import PUBLIC, Pages, form_at

from bridge.models import Outbox
from bridge.services.link_mails import MOST_AN_HOUR
from bridge.settings import MailSettings
from bridge.web.my import MOST_MAILS_A_MINUTE


def ask(pages: Pages, mail: str, *, headers=None, **fields):
    visitor = browser(pages)
    token = form_at(visitor.text(DOOR), DOOR)["csrf_token"]
    return visitor.post(DOOR, {"csrf_token": token, "email": mail} | fields, headers=headers or OURS)


def queued(pages: Pages) -> list[tuple[int, list[int]]]:
    with pages.made.parts.open_session(read_only=True) as session:
        rows = session.exec(select(Outbox).where(Outbox.kind == "link").order_by(Outbox.id)).all()
        return [(row.owner_id, row.reference["keys"]) for row in rows]


def test_whether_a_mail_address_is_known_is_not_told(ann):
    before = queued(ann.pages)
    known, unknown = ask(ann.pages, ann.mail.upper()), ask(ann.pages, "nobody@example.com")
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert without_token(known.get_data(as_text=True)) == without_token(unknown.get_data(as_text=True))
    assert "a mail with a link is on its way" in known.get_data(as_text=True)
    ((_, keys),) = queued(ann.pages)[len(before) :]
    assert keys == [ann.key.id]


def test_what_is_written_for_those_who_are_known_is_written_when_the_answer_is_out(ann):
    before = queued(ann.pages)
    visitor = browser(ann.pages)
    token = form_at(visitor.text(DOOR), DOOR)["csrf_token"]
    answer = visitor.client.post(
        DOOR, data={"csrf_token": token, "email": ann.mail}, base_url=PUBLIC, headers=OURS, buffered=False
    )
    assert answer.status_code == 200
    assert queued(ann.pages) == before
    answer.close()
    assert len(queued(ann.pages)) == len(before) + 1


def test_each_owner_who_knows_the_address_writes_and_not_too_often(ann):
    foreign = ann.pages.api.new_key("Foreign", customer_email=ann.mail)
    before = len(queued(ann.pages))
    for _ in range(MOST_AN_HOUR + 2):
        assert ask(ann.pages, ann.mail).status_code == 200
    found = queued(ann.pages)[before:]
    assert sorted(keys for _, keys in found) == sorted([[ann.key.id], [foreign.id]] * MOST_AN_HOUR)
    ann.pages.made.clock.turn(hours=1)
    ask(ann.pages, ann.mail)
    assert len(queued(ann.pages)) == before + 2 * (MOST_AN_HOUR + 1)


@pytest.mark.parametrize(
    "mail", ["", "ann", "@example.com", "ann@", "a b@example.com", "a\0@example.com", "x" * 400 + "@a.b"]
)
def test_what_is_no_mail_address_stays_typed_and_says_what_is_wanted(selling, mail):
    selling.made.clock.turn(minutes=2)
    answer = ask(selling, mail)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Write the whole mail address, such as ann@example.com" in text
    assert mail[:300].strip() in unescape(text)


def test_asking_from_elsewhere_or_without_the_form_sends_nothing(ann):
    before = queued(ann.pages)
    assert ask(ann.pages, ann.mail, csrf_token="").status_code == 403
    assert ask(ann.pages, ann.mail, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert queued(ann.pages) == before


def test_nobody_asks_for_mails_all_the_time(ann):
    answers = [ask(ann.pages, f"nobody{number}@example.com") for number in range(MOST_MAILS_A_MINUTE + 1)]
    assert [answer.status_code for answer in answers[-2:]] == [200, 429]


def test_where_no_mail_is_sent_the_door_says_whom_to_ask(ann, monkeypatch):
    monkeypatch.setattr(ann.pages.made.settings, "mail", MailSettings())
    text = browser(ann.pages).text(DOOR)
    assert "no mails are sent from here" in text
    assert "<form" not in text

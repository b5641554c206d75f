"""The words of an owner's mails, a key that is sent again, and the link to a customer's own page."""

import re
from html import unescape

import pytest
from sqlmodel import select
from support.page_payments import account_of
from support.page_visits import PUBLIC, Pages, form_at

from bridge.models import Audit, MailTemplate, Outbox, PriceMap
from bridge.storage import catalog

OWNER = "/acme/-/licensing"
MAIL = f"{OWNER}/settings/mails/keys/de"
WORDS = "Subject: Hallo {customer}\n\nHier: {keys}\n"


def rows(pages: Pages, table, *conditions):
    with pages.made.parts.open_session(read_only=True) as session:
        return session.exec(select(table).where(*conditions)).all()


def send(pages: Pages, path: str, role: str = "owner", **fields: str):
    visitor = pages.visitor(role)
    return visitor.post(path, {**form_at(visitor.text(path), path), **fields})


def sources(pages: Pages) -> list[str]:
    return [row.source for row in rows(pages, MailTemplate)]


def test_every_mail_is_listed_in_each_language_and_in_one_more(pages: Pages):
    text = pages.visitor().text(f"{OWNER}/settings/mails")
    assert text.count("the usual ones</span>") == text.count(f'href="{OWNER}/settings/mails/') > 20
    assert "Ihre Lizenz für {package}" in text
    more = pages.visitor().text(f"{OWNER}/settings/mails?language=fr")
    assert f'href="{OWNER}/settings/mails/keys/fr"' in more
    refused = pages.visitor().get(f"{OWNER}/settings/mails?language=french%20please")
    assert (refused.status_code, "is no language code" in refused.text) == (422, True)


def test_words_are_looked_at_then_saved_then_taken_back(pages: Pages):
    looked = send(pages, MAIL, source=WORDS, step="look")
    assert looked.status_code == 200
    assert "Hallo Ann Example" in looked.text
    assert "Hier:     SAMPLE-ONLY-THIS-IS-NO-KEY" in looked.text
    assert sources(pages) == [], "a look saves nothing"
    assert send(pages, MAIL, source=WORDS, step="do").status_code == 303
    assert sources(pages) == [WORDS]
    assert "your own words" in pages.visitor().text(MAIL)
    assert send(pages, MAIL, step="reset").status_code == 303
    assert sources(pages) == []
    assert [row.action for row in rows(pages, Audit, Audit.action.startswith("mail."))] == [
        "mail.template_set",
        "mail.template_reset",
    ]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("Hello", "The first line is the subject"),
        ("Subject: x\n\n{nobody}", "{nobody} is not known in this mail"),
        ("Subject: x\n\n{{ 7*7 }} {", "a single"),
        ("", "The first line is the subject"),
    ],
)
def test_words_that_can_t_be_used_stay_typed_and_say_why(shared: Pages, source, says):
    answer = send(shared, MAIL, source=source, step="do")
    text = unescape(answer.text)
    assert (answer.status_code, says in text) == (422, True)
    assert source in text
    assert sources(shared) == []


def test_nothing_that_is_written_into_a_mail_is_run_or_shown_as_markup(shared: Pages):
    hostile = "Subject: {{ 7*7 }}<script>alert(1)</script>\n\n</textarea><script>alert(1)</script>{{customer}}"
    text = send(shared, MAIL, source=hostile, step="look").text
    assert "<script>alert" not in text
    assert "{ 7*7 }" in text
    assert "49" not in re.findall(r"<strong>(.*?)</strong>", text)[0]


def test_the_second_of_two_tabs_is_told(pages: Pages):
    visitor = pages.visitor()
    first, second = (form_at(visitor.text(MAIL), MAIL) for _ in range(2))
    assert visitor.post(MAIL, {**first, "source": WORDS, "step": "do"}).status_code == 303
    answer = visitor.post(MAIL, {**second, "source": f"{WORDS}more", "step": "do"})
    assert answer.status_code == 409
    assert "Somebody changed this" in answer.text
    assert sources(pages) == [WORDS]


@pytest.mark.parametrize("path", ["settings/mails/nothing/de", "settings/mails/keys/german", "settings/mails/keys/%00"])
def test_there_are_no_other_mails(shared: Pages, path):
    assert shared.visitor().get(f"{OWNER}/{path}").status_code == 404


def test_a_key_is_sent_again_and_not_too_often(pages: Pages):
    key = pages.api.new_key("Standard", customer_email="zoe@example.com")
    path = f"{OWNER}/keys/{key.id}/resend"
    assert f'href="{path}"' in pages.visitor("support").text(f"{OWNER}/keys/{key.id}")
    answers = [send(pages, path, "support") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 422]
    assert "it was mailed 3 times within this hour" in unescape(answers[-1].text).lower()
    assert [row.reference for row in rows(pages, Outbox)] == [{"keys": [key.id]}] * 3
    assert f'href="{path}"' not in pages.visitor("viewer").text(f"{OWNER}/keys/{key.id}")


def customer_of(pages: Pages, key) -> str:
    found = re.search(rf'href="({OWNER}/customers/\d+/link)"', pages.visitor("support").text(f"{OWNER}/keys/{key.id}"))
    assert found is not None
    return found[1]


def test_support_mails_a_link_to_the_customers_page_and_never_sees_it(pages: Pages):
    key = pages.api.new_key("Standard", customer_email="zoe@example.com")
    path = customer_of(pages, key)
    assert send(pages, path, "support", how="mail").status_code == 303
    (row,) = rows(pages, Outbox)
    assert (row.kind, row.reference) == ("link", {"keys": [key.id]})
    answer = send(pages, path, "support", how="show")
    assert (answer.status_code, "/licensing/my/" in answer.text) == (403, False)
    assert "Show a link" not in pages.visitor("support").text(path)
    assert pages.visitor("viewer").get(path).status_code == 403
    assert [
        (row.actor, row.action) for row in rows(pages, Audit, Audit.subject == f"customer:{path.split('/')[-2]}")
    ] == [(actor_of(pages, "susi"), "customer.link_mail")]


def actor_of(pages: Pages, login: str) -> str:
    return f"gitea:{pages.made.world.account(login).id}"


def test_whoever_sees_keys_anyway_is_shown_a_link_and_the_trail_says_so(pages: Pages):
    key = pages.api.new_key("Standard", customer_email="zoe@example.com")
    path = customer_of(pages, key)
    answer = send(pages, path, "manager", how="show")
    assert answer.status_code == 201
    link = re.search(rf"{PUBLIC}(/-/licensing/my/[0-9a-f.]+)", answer.text)[1]
    assert key.code in pages.browser().text(link)
    trail = rows(pages, Audit, Audit.action == "customer.link_show")
    assert [row.actor for row in trail] == [actor_of(pages, "mona")]
    assert link.rpartition(".")[2] not in str([row.model_dump() for row in trail])


def test_the_trail_names_people_and_tokens(pages: Pages):
    token = pages.api.post("orgs/acme/license-tokens", {"name": "shop", "scopes": ["keys:write"]}).json["token"]
    wanted = {"package_id": pages.api.packages["Standard"], "quantity": 1}
    made = pages.api.post("orgs/acme/license-keys", wanted, token=token)
    assert made.status_code == 201, made.json
    (row,) = rows(pages, Audit, Audit.actor.startswith("token:"))
    key = row.subject.partition(":")[2]
    send(pages, f"{OWNER}/keys/{key}/suspend", "manager")
    text = pages.visitor().text(f"{OWNER}/audit?subject=key:{key}")
    assert re.search(rf'>\s*mona<br><span class="muted small">{actor_of(pages, "mona")}', text)
    assert "the token “shop”" in text
    assert "by mona" in pages.visitor().text(f"{OWNER}/keys/{key}")


def test_a_package_says_what_sells_it_to_those_who_may_know(pages: Pages):
    package = pages.api.packages["Standard"]
    with pages.made.parts.open_session() as session:
        owner = catalog.owner_by_name(session, "acme")
        account = account_of(pages.made, session, owner.id)
        session.add(
            PriceMap(account_id=account.id, match_type="price", match_value="price_9", package_id=package,
                     amount_minor=4900, currency="EUR", recurring=True, interval_unit="year", interval_count=1)
        )  # fmt: skip
    for path in (f"{OWNER}/packages", "/acme/mod-weather/licenses/packages"):
        assert "sold as price_9 (49.00 EUR every 1 year) at stripe" in pages.visitor("support").text(path), path
        assert "price_9" not in pages.visitor("viewer").text(path), path
        if "mod-weather" in path:
            assert "price_9" not in pages.visitor("repo_admin").text(path)

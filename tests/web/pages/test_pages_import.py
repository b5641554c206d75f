"""Import: first what would happen, then that; nothing of it twice, and nothing by surprise."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.page_visits import COOKIE, PUBLIC, Pages, form_at
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from bridge.models import Replay

PATH = "/acme/-/licensing/import"
HEADER = "code,package,customer_name,customer_email\n"


def table(*lines: str) -> str:
    return HEADER + "".join(f"{line}\n" for line in lines)


def look(visitor, text, **fields):
    answer = visitor.post(PATH, {**form_at(visitor.text(PATH), PATH), "table": text, "step": "look", **fields})
    return answer, answer.get_data(as_text=True)


def keys(pages: Pages, text: str) -> list[dict]:
    return pages.api.get(f"orgs/acme/license-keys?q={text}").json


def test_a_table_is_looked_at_and_imported_once(shared: Pages):
    visitor = shared.visitor("manager")
    answer, text = look(visitor, table("OLD-KEY-0001,Standard,Iris Import,iris@example.com"))
    assert answer.status_code == 200, text
    assert "Nothing has been imported yet" in text
    assert keys(shared, "Iris") == []
    sent = {**form_at(text, PATH), "step": "do"}
    for _ in range(2):
        done = visitor.post(PATH, sent)
        assert (done.status_code, done.headers["Location"]) == (303, "/acme/-/licensing/keys")
    assert len(keys(shared, "Iris")) == 1
    _, again = look(visitor, table("OLD-KEY-0001,Standard,Iris Import,iris@example.com"))
    assert "<dt>Known already</dt><dd>1</dd>" in again
    assert 'value="do"' not in again, "there is nothing to import"


def test_whoever_writes_meanwhile_is_not_kept_waiting_by_a_look(shared: Pages):
    visitor = shared.visitor("manager")
    sent = {**form_at(visitor.text(PATH), PATH), "table": table("OLD-KEY-0009,Standard,Lora Look,l@example.com")}
    with shared.made.parts.open_session() as session:
        assert session.get(Replay, "nobody") is None, "from here on the database takes no other writer"
        answer = visitor.post(PATH, sent | {"step": "look"})
    assert (answer.status_code, "Nothing has been imported yet" in answer.get_data(as_text=True)) == (200, True)


def test_a_double_click_makes_nothing_twice(shared: Pages):
    """Also without codes, where a key is known by its purchase alone."""
    visitor = shared.visitor("manager")
    rows = "".join(f"Standard,Dora Double,dora{n}@example.com,order-{n}\n" for n in range(20))
    _, text = look(visitor, f"package,customer_name,customer_email,payment_ref\n{rows}")
    sent = {**form_at(text, PATH), "step": "do"}
    twins = [shared.browser() for _ in range(3)]
    for twin in twins:
        twin.client.set_cookie(COOKIE, visitor.cookie, domain="git.example.com", secure=True, path="/")
    with ThreadPoolExecutor(len(twins)) as pool:
        answers = list(pool.map(lambda twin: twin.post(PATH, sent), twins))
    assert [each.status_code for each in answers] == [303] * 3
    assert len(keys(shared, "Dora&limit=50")) == 20


def test_a_file_in_another_encoding_is_read_and_stays_for_the_next_step(shared: Pages):
    visitor = shared.visitor()
    raw = table("OLD-KEY-0002,Standard,Jürgen Größe,j@example.com").encode("cp1252")
    fields = {**form_at(visitor.text(PATH), PATH), "step": "look", "file": FileStorage(io.BytesIO(raw), "keys.csv")}
    answer = multipart(visitor, fields)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert visitor.post(PATH, {**form_at(text, PATH), "step": "do"}).status_code == 303
    assert keys(shared, "Größe")[0]["customer_name"] == "Jürgen Größe"


def test_what_was_looked_at_can_be_imported_however_a_browser_sends_it(shared: Pages):
    """A file of nearly the most signs, two bytes each; its lines come back from the field with two signs at the end."""
    visitor = shared.visitor()
    note = "\n".join(["ü" * 98] * 100)
    lines = [f'OLD-BIG-{number:04},Standard,Bea Big,"{note}"\n' for number in range(40)]
    raw = f"code,package,customer_name,note\n{''.join(lines)}".encode()
    answer = multipart(
        visitor, {**form_at(visitor.text(PATH), PATH), "step": "look", "file": FileStorage(io.BytesIO(raw), "k.csv")}
    )
    text = answer.get_data(as_text=True)
    assert (answer.status_code, "Import 40 keys<" in text) == (200, True)
    back = form_at(text, PATH)
    typed = back["table"].replace("\n", "\r\n")
    assert len(typed) > 400_000
    assert multipart(visitor, back | {"table": typed, "step": "do"}).status_code == 303
    assert len(keys(shared, "Big&limit=50")) == 40


def multipart(visitor, fields):
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC}
    boundary, body = encode_multipart(fields)  # the client itself would leave a large body behind, in a file
    kind = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post(PATH, data=body, base_url=PUBLIC, headers=headers, content_type=kind)


def test_bad_rows_are_named_and_left_out_only_where_one_says_so(shared: Pages):
    visitor = shared.visitor()
    mixed = table("OLD-KEY-0003,Standard,Good,g@example.com", "OLD-KEY-0004,No such package,Bad,b@example.com")
    _, text = look(visitor, mixed)
    assert "<dt>Can&#39;t be taken</dt><dd>1</dd>" in text or "<dt>Can't be taken</dt><dd>1</dd>" in text
    assert 'value="do"' not in text
    refused = visitor.post(PATH, {**form_at(text, PATH), "step": "do"})
    assert refused.status_code == 422
    assert keys(shared, "OLD-KEY-0003") == []
    _, text = look(visitor, mixed, on_error="skip")
    assert "Import 1 key<" in text
    done = visitor.post(PATH, {**form_at(text, PATH), "step": "do"})
    assert done.status_code == 303
    assert "Imported: 1 new, 1 left out." in visitor.text("/acme/-/licensing/keys")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "choose a file"),
        ("what is this\n", "no known table has that header line"),
        ("x" * 400_001, "has more than"),
    ],
)
def test_what_is_no_table_is_told_at_its_field(shared: Pages, text, says):
    answer, page = look(shared.visitor(), text)
    assert (answer.status_code, says.lower() in page.lower()) == (422, True)


def test_a_form_that_is_too_large_is_refused_in_words(shared: Pages):
    answer, text = look(shared.visitor(), "x" * 1_100_000)
    assert (answer.status_code, "Too much at once" in text) == (413, True)

"""Keys that come in a table over HTTP, and leave in one."""

import io
import tracemalloc

import pytest
from sqlmodel import func, select
from support.api_keys import refused
from support.api_world import OWN_ORG, PRIVATE, REPO, Api
from support.tables import edd_code, edd_lines, rows_of, table
from werkzeug.test import TestResponse, create_environ, run_wsgi_app

from bridge.models import LicenseKey
from bridge.storage import audits
from bridge.web.api import transfer

IMPORT, EXPORT = f"{REPO}/license-keys/import", f"{REPO}/license-keys.csv"
AT_OWNER = f"{OWN_ORG}/license-keys/import"


def send(api: Api, text, path: str = AT_OWNER, role: str = "owner", kind: str = "text/csv", **headers: str):
    return api.ask("POST", path, role, data=text, content_type=kind, headers=headers)


def count(api: Api) -> int:
    with api.made.parts.open_session(read_only=True) as session:
        return session.exec(select(func.count()).select_from(LicenseKey)).one()


def test_a_dry_run_tells_and_the_import_does_it(api_on_both: Api):
    api = api_on_both
    before, text = count(api), "".join(edd_lines(3))
    told = send(api, text, f"{AT_OWNER}?dry_run=true").get_json()
    assert (told["counts"], told["dry_run"], count(api)) == (
        {"issue": 3, "known": 0, "adopt": 0, "refused": 0},
        True,
        before,
    )
    done = send(api, text).get_json()
    assert done["counts"] == told["counts"]
    assert [each["key_id"] for each in told["verdicts"]] == [None] * 3
    assert all(each["key_id"] for each in done["verdicts"])
    assert (done["format"], done["encoding"], done["separator"], done["rows"]) == ("edd", "utf-8", ",", 3)
    assert count(api) == before + 3
    again = send(api, text).get_json()
    assert again["counts"] == {"issue": 0, "known": 3, "adopt": 0, "refused": 0}


def test_an_imported_code_opens_the_feed_and_counts_its_site(api: Api):
    send(api, "".join(edd_lines(1)))
    body = {"key": edd_code(0), "domain": "shop0.example.com", "activate": True}
    answer = api.post(f"{REPO}/license-keys/validate", body, token="").get_json()
    assert (answer["valid"], answer["sites_used"], answer["sites_allowed"]) == (True, 1, 3)


def test_one_bad_row_and_nothing_is_imported_but_the_rest_is_proposed(api: Api):
    before = count(api)
    lines = list(edd_lines(1000))
    lines[500] = lines[500].replace("2027-01-01", "2027-02-30")
    answer = send(api, "".join(lines))
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (422, "invalid")
    assert list(body["errors"]) == ["line 501, Expiration Date"]
    assert body["url"] == "https://git.example.com/-/licensing/openapi.json"
    assert body["report"]["counts"] == {"issue": 999, "known": 0, "adopt": 0, "refused": 1}
    assert len(body["report"]["verdicts"]) == 1000
    assert count(api) == before
    skipped = send(api, "".join(lines), f"{AT_OWNER}?on_error=skip")
    assert (skipped.status_code, skipped.get_json()["counts"]["issue"], count(api)) == (200, 999, before + 999)


def test_names_of_products_are_mapped(api: Api):
    text = "".join(edd_lines(1, product="Weather: Pro & Co"))
    assert send(api, text).status_code == 422
    number = api.packages["Standard"]
    mapped = f"{AT_OWNER}?map=Weather:%20Pro%20%26%20Co:{number}&map=Other:{number}"
    assert send(api, text, mapped).get_json()["counts"]["issue"] == 1


@pytest.mark.parametrize("wrong", ["Pro", "Pro:", ":1", "Pro:x", "Pro:1,", "Pro:99999999999", "Pro:987654", "Pro:٣"])
def test_a_map_that_leads_nowhere_is_refused(shared: Api, wrong):
    answer = shared.ask(
        "POST", AT_OWNER, data="".join(edd_lines(1)), content_type="text/csv", query_string={"map": wrong}
    )
    assert list(refused(answer, 422, "invalid")) == ["map"]


@pytest.mark.parametrize(
    "query", ["dry_run=perhaps", "format=xml", "on_error=ask", "limit=3", "dry_run=true&dry_run=true"]
)
def test_other_parameters_are_refused(shared: Api, query):
    assert send(shared, "".join(edd_lines(1)), f"{AT_OWNER}?{query}").status_code == 422


@pytest.mark.parametrize("kind", ["application/json", "application/zip", "text/plain", "multipart/form-data", ""])
def test_another_content_type_is_refused(shared: Api, kind):
    refused(send(shared, "".join(edd_lines(1)), kind=kind), 415, "unsupported_media_type")


def test_csv_is_taken_nowhere_else(shared: Api):
    refused(send(shared, "package_id\n1\n", f"{REPO}/license-keys"), 415, "unsupported_media_type")


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"\0", b"colour\r\nred\r\n", b'{"package_id": 1}'])
def test_what_is_no_table_is_refused(shared: Api, raw):
    assert list(refused(send(shared, raw), 422, "invalid")) == ["file"]


def test_a_table_may_be_larger_than_other_bodies_and_not_without_end(api: Api, monkeypatch):
    cell = "x" * 9_000
    rows = [{"package": "Standard", "payment_ref": f"R-{n}", "note": cell} for n in range(150)]
    text = table(rows)
    assert len(text) > 1024 * 1024
    assert send(api, text).get_json()["counts"]["issue"] == 150
    operation = next(each for each in transfer.OPERATIONS if each.upload)
    assert operation.upload == 64 * 1024 * 1024
    huge = b"\n" * (operation.upload + 1)
    before = count(api)
    refused(send(api, huge), 413, "too_large")
    assert count(api) == before
    too_much = api.ask("POST", f"{REPO}/license-keys", data=b" " * (1024 * 1024 + 1), content_type="application/json")
    refused(too_much, 413, "too_large")


def test_a_body_without_a_length_is_refused_by_its_size_as_well(api: Api, monkeypatch):
    class Endless(io.RawIOBase):
        given = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            self.given += len(buffer)
            buffer[:] = b"\n" * len(buffer)
            return len(buffer)

    endless = Endless()
    environ = create_environ(f"/api/v1/{AT_OWNER}", method="POST", headers={"Content-Type": "text/csv"})
    environ |= {"HTTP_AUTHORIZATION": f"token {api.tokens['owner']}", "HTTP_TRANSFER_ENCODING": "chunked"}
    environ.pop("CONTENT_LENGTH", None)
    environ |= {"wsgi.input": endless, "wsgi.input_terminated": True}
    answer = TestResponse(*run_wsgi_app(api.client.application, environ), request=None)
    refused(answer, 413, "too_large")
    assert endless.given < 66 * 1024 * 1024


def test_an_idempotency_key_goes_with_the_bytes_of_the_table(api: Api):
    text, key = "".join(edd_lines(2)), {"Idempotency-Key": "move-1"}
    first = send(api, text, **key)
    again = send(api, text, **key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_json() == first.get_json()
    assert again.get_json()["counts"]["issue"] == 2
    assert list(refused(send(api, text + " ", **key), 422, "invalid")) == ["Idempotency-Key"]
    assert send(api, text, f"{AT_OWNER}?on_error=skip", **key).status_code == 422


def test_neither_a_dry_run_nor_a_refusal_is_remembered(api: Api):
    text, key = "".join(edd_lines(1)), {"Idempotency-Key": "move-2"}
    send(api, text, f"{AT_OWNER}?dry_run=true", **key)
    assert send(api, text.replace("active", "odd"), **key).status_code == 422
    done = send(api, text, **key)
    assert (done.get_json()["counts"]["issue"], "Idempotent-Replayed" in done.headers) == (1, False)


def test_who_stands_on_a_repo_only_imports_for_its_own_packages(api: Api):
    before = count(api)
    rows = [{"code": "code-local", "package": "Local"}, {"code": "code-owner", "package": "Standard"}]
    answer = send(api, table(rows), IMPORT, "repo_admin")
    assert list(refused(answer, 403, "forbidden")) == ["line 3"]
    assert count(api) == before
    assert send(api, table(rows[:1]), IMPORT, "repo_admin").get_json()["counts"]["issue"] == 1
    skipped = send(api, table(rows), f"{IMPORT}?on_error=skip", "repo_admin").get_json()
    assert skipped["counts"] == {"issue": 0, "known": 1, "adopt": 0, "refused": 1}
    assert send(api, table(rows), IMPORT, "manager").get_json()["counts"]["issue"] == 1
    for role in ("support", "viewer", "stranger"):
        assert send(api, table(rows), IMPORT, role).status_code == 403


def test_packages_of_another_repo_and_owner_are_not_seen(api: Api):
    for name in ("Hidden", "Foreign"):
        answer = send(api, f"package_id\n{api.packages[name]}\n", IMPORT)
        assert "there is no package" in answer.get_json()["errors"]["line 2, package_id"]


def test_an_export_is_a_table_that_can_be_imported_again(api_on_both: Api):
    api = api_on_both
    send(api, "".join(edd_lines(3)))
    answer = api.get(f"{OWN_ORG}/license-keys.csv")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="license-keys-acme-2026-03-01.csv"'
    rows = rows_of(answer.text)
    assert {row["package"] for row in rows} == {"Standard", "Local", "Hidden"}
    assert "Master" not in answer.text
    again = send(api, answer.data).get_json()
    assert again["counts"] == {"issue": 0, "known": len(rows), "adopt": 0, "refused": 0}


def test_an_export_is_audited_and_leaves_out_what_one_sees_masked(api: Api):
    every = rows_of(api.get(EXPORT).text)
    assert {row["package"] for row in every} == {"Standard", "Local"}
    own = rows_of(api.get(EXPORT, "repo_admin").text)
    assert {row["package"] for row in own} == {"Local"}
    for role in ("support", "viewer"):
        refused(api.get(EXPORT, role), 403, "forbidden")
    refused(api.get(f"{PRIVATE}/license-keys.csv", "stranger"), 404, "not_found")
    with api.made.parts.open_session(read_only=True) as session:
        rows = [row for row in audits.of_subject(session, "") if row.action == "keys.export"]
    assert [row.after["packages"] for row in rows][1] == [api.packages["Local"]]
    assert all(row.owner_id and row.repo_id for row in rows)


def test_an_export_takes_the_filters_of_the_list(api: Api):
    key = api.new_key(customer_name="Zoë")
    for query in ("q=zoë", "customer=ZOË"):
        assert [row["id"] for row in rows_of(api.get(f"{EXPORT}?{query}").text)] == [str(key.id)]
    assert rows_of(api.get(f"{EXPORT}?state=revoked").text) == []
    assert {row["package"] for row in rows_of(api.get(f"{EXPORT}?package={api.packages['Local']}").text)} == {"Local"}
    assert api.get(f"{EXPORT}?page=1").status_code == 422


def test_an_export_is_written_while_it_is_read(api: Api):
    send(api, "".join(edd_lines(3000)))
    tracemalloc.start()
    answer = api.client.get(
        f"/api/v1/{OWN_ORG}/license-keys.csv", headers={"Authorization": f"token {api.tokens['owner']}"}, buffered=False
    )
    pieces = [len(piece) for piece in answer.response]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    answer.close()
    assert sum(pieces) > 500_000
    assert max(pieces) < 200_000
    assert peak < 12 * 1024 * 1024, peak

"""What a doctor with a ticket is told at any door, and that to everybody else there is no such thing."""

from datetime import timedelta

import pytest

from bridge.services.doctor import tickets

DOOR = "/acme/weather/updates.xml"
DOORS = (DOOR, "/-/licensing/health", "/-/licensing/hooks/gitea", "/api/v1/repos/acme/weather/license-keys", "/nothing")


@pytest.fixture
def ticket(installation):
    return tickets.issue(installation.parts.open_session, installation.clock(), installation.parts.entropy)


def ask(installation, shown, path=DOOR, **headers):
    return installation.client().get(path, headers={tickets.HEADER: shown, **headers})


def _lasting(answer):
    """The headers, without the number that each request has of its own."""
    return {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}


@pytest.mark.parametrize("path", DOORS)
def test_a_ticket_is_answered_at_every_door_with_how_the_request_arrived(installation, ticket, path):
    headers = {"Sudo": "root", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Host": "a.example", "Cookie": "a=secret"}
    answer = ask(installation, f"{ticket};echo", f"{path}?dlid=K", **headers)
    told = answer.json
    assert answer.status_code == 200
    assert (told["method"], told["target"]) == ("GET", f"{path}?dlid=K")
    assert told["headers"]["Sudo"] == "root"
    assert told["headers"]["X-Forwarded-For"] == "192.0.2.1"
    assert told["headers"]["X-Forwarded-Host"] == "a.example"
    assert "secret" not in answer.text
    assert told["fingerprint"] == tickets.fingerprint(installation.settings, ticket)
    assert "no-store" in answer.headers["Cache-Control"]


def test_an_escaped_slash_is_told_as_it_came(installation, ticket):
    assert ask(installation, f"{ticket};echo", "/a/b/downloads/v1%2F2/x.zip").json["target"].endswith("/v1%2F2/x.zip")


def test_a_probe_of_a_feed_is_one_and_another_each_time(installation, ticket):
    one, other = ask(installation, f"{ticket};feed"), ask(installation, f"{ticket};feed")
    assert one.content_type == "application/xml; charset=utf-8"
    assert one.data.startswith(b"<updates>")
    assert one.data != other.data


def strange(installation, ticket):
    """Everything that is no good ticket."""
    parts, now = installation.parts, installation.clock()
    yield ""
    yield "echo"
    yield ticket
    yield f"{ticket};"
    yield f"{ticket};everything"
    yield f"{ticket[:-1]};echo"
    yield f"{ticket[:-1]}x;echo"
    yield f"{'0' * tickets.TICKET_LENGTH};echo"
    yield f"{'é' * tickets.TICKET_LENGTH};echo"
    gone = tickets.issue(parts.open_session, now, parts.entropy)
    tickets.take_back(parts.open_session, gone)
    yield f"{gone};echo"
    old = tickets.issue(parts.open_session, now - tickets.LASTS, parts.entropy)
    yield f"{old};echo"


@pytest.mark.parametrize("path", DOORS)
def test_to_whoever_has_no_good_ticket_there_is_no_such_header(installation, ticket, path):
    client = installation.client()
    plain = client.get(path)
    shown = list(strange(installation, ticket))
    for each in shown:
        answer = client.get(path, headers={tickets.HEADER: each})
        assert (answer.status_code, answer.data) == (plain.status_code, plain.data), each
        assert _lasting(answer) == _lasting(plain), each
    assert len(shown) == 11


def test_a_doctor_forgets_the_tickets_that_others_left_long_ago(installation, ticket):
    parts = installation.parts
    later = installation.clock.turn(minutes=11)
    tickets.issue(parts.open_session, later, parts.entropy)
    assert not tickets.is_good(parts.open_session, ticket, later - timedelta(minutes=11))


def test_without_a_database_a_ticket_is_worth_nothing(installation, ticket, tmp_path):
    installation.parts.engine.dispose()
    for name in ("bridge.db", "bridge.db-wal", "bridge.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "bridge.db").write_bytes(b"no database" * 1000)
    assert not tickets.is_good(installation.parts.open_session, ticket, installation.clock())


def test_a_fingerprint_tells_configurations_apart_by_their_secrets_too(installation, ticket):
    settings = installation.settings
    before = tickets.fingerprint(settings, ticket)
    assert before == tickets.fingerprint(settings.model_copy(deep=True), ticket)
    assert before != tickets.fingerprint(settings, ticket[::-1])
    other = settings.model_copy(deep=True)
    other.gitea.webhook_secrets = other.gitea.webhook_secrets[:0]
    assert before != tickets.fingerprint(other, ticket)

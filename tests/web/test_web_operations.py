"""What operators ask: health for everybody, figures for whoever has the token."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.bridges import install
from web_shop import add_product, files

from bridge.services.figures import HEARTBEAT
from bridge.storage import usage

TOKEN = "a token for tests"


@pytest.fixture
def watched(sqlite_url, tmp_path):
    """An installation with a metrics token."""
    made = install(sqlite_url, tmp_path, web={"metrics_token": TOKEN})
    yield made
    made.close()


def test_health_tells_whether_the_worker_is_alive(installation):
    client, parts, clock = installation.client(), installation.parts, installation.clock
    assert client.get("/-/licensing/health").json == {"status": "warn", "database": "ok", "worker": "late"}
    with parts.open_session() as session:
        usage.beat(session, HEARTBEAT, clock())
    assert client.get("/-/licensing/health").json == {"status": "pass", "database": "ok", "worker": "ok"}
    clock.turn(seconds=31)
    answer = client.get("/-/licensing/health")
    assert (answer.status_code, answer.json["worker"]) == (200, "late")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        "Bearer \xff",
        f"Bearer {TOKEN[:-1]}",
    ],
)
def test_figures_are_hidden_from_whoever_has_no_token(authorization, watched):
    client = watched.client()
    answer = client.get("/-/licensing/metrics", headers={"Authorization": authorization})
    assert (answer.status_code, answer.data) == (404, client.get("/-/licensing/nothing").data)


def test_without_a_token_in_the_settings_nobody_sees_the_figures(installation):
    for authorization in ("", "Bearer ", "Bearer"):
        answer = installation.client().get("/-/licensing/metrics", headers={"Authorization": authorization})
        assert answer.status_code == 404


def test_prometheus_reads_the_figures(watched):
    add_product(watched, "acme", "weather", "true")
    watched.publish("acme", "weather", "1.0.0", files("1.0.0", pro=False))
    client = watched.client()
    for _ in range(3):
        client.get("/acme/weather/downloads/v1.0.0/weather.zip")
    client.get("/acme/weather/updates.xml")
    watched.parts.usage.flush()
    answer = client.get("/-/licensing/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    requests = {(s.labels["kind"], s.labels["code"]): s.value for s in families["bridge_requests"].samples}
    assert requests == {("download", "missing"): 3.0, ("feed", "missing"): 1.0}
    assert families["bridge_worker_lag_seconds"].samples[0].value == -1.0
    assert families["bridge_refresh_queue_depth"].samples[0].value == 0.0
    assert families["bridge_refresh_queue_age_seconds"].samples[0].value == 0.0
    for name in ("acme", "weather", "LIC-"):
        assert name not in answer.text

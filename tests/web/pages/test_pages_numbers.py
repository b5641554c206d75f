"""Numbers: a page, its pictures and its files say the same; the range stands in the address."""

import csv
import io
import re
import xml.etree.ElementTree as ET

import pytest
from support.page_visits import Pages
from support.zips import joomla_module

from bridge.services.drawing import ground_of
from bridge.services.number_charts import Table, draw

REPO, OWNER = "/acme/mod-weather/licenses/numbers", "/acme/-/licensing/numbers"
DOWNLOAD = "/acme/mod-weather/downloads/v1.0.0/mod_weather-1.0.0.zip"
NAMES = ("sites", "checks", "downloads", "adoption", "versions", "platforms", "php", "keys", "packages", "refusals")


@pytest.fixture(scope="module")
def visited(shared: Pages) -> Pages:
    """A site checked and downloaded, and a revoked key was refused."""
    api = shared.api
    api.made.publish("acme", "mod-weather", "1.0.0", {"mod_weather-1.0.0.zip": joomla_module("weather", "1.0.0")})
    key, gone = api.keys["annual"], api.new_key("Local", customer_name="Zoe")
    api.made.revoke(gone.id)
    said = f"dlid={key.code}&domain=shop.example.com&php=8.2.1"
    for path in (f"/acme/mod-weather/updates.xml?{said}", f"{DOWNLOAD}?{said}"):
        answer = api.client.get(path, headers={"User-Agent": "Mozilla/5.0 Joomla!/5.3.2 Joomla"})
        assert answer.status_code == 200
    assert api.client.get(f"{DOWNLOAD}?dlid={gone.code}").status_code == 403
    api.made.parts.usage.flush()
    return shared


@pytest.mark.parametrize("base", [REPO, OWNER])
def test_each_number_is_a_picture_a_table_and_a_file_that_agree(visited: Pages, base):
    visitor = visited.visitor("viewer")
    text = visitor.text(f"{base}?days=7")
    for name in NAMES:
        assert f'src="{base}/{name}.svg?days=7"' in text, name
        answer = visitor.get(f"{base}/{name}.svg?days=7")
        assert (answer.status_code, answer.content_type) == (200, "image/svg+xml"), name
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        ET.fromstring(answer.get_data())
        file = visitor.get(f"{base}/{name}.csv?days=7")
        assert file.content_type.startswith("text/csv"), name
    rows = list(csv.reader(io.StringIO(visitor.get(f"{base}/downloads.csv?days=7").get_data(as_text=True))))
    assert (rows[0], len(rows), rows[-1]) == (["From", "1.0.0", "others"], 8, ["2026-03-01", "1", "0"])
    page = re.search(r'id="n-refusals".*?</section>', text, re.DOTALL)
    assert page is not None
    assert re.search(r'<th scope="row">revoked</th><td class="number">0</td><td class="number">1</td>', page[0])


def test_range_and_step_stand_in_the_address(visited: Pages):
    visitor = visited.visitor()
    text = visitor.text(f"{REPO}?step=month&since=2026-01-01&until=2026-03-01")
    assert "Numbers, 2026-01-01 to 2026-03-01" in text
    assert "sites.svg?step=month&amp;since=2026-01-01&amp;until=2026-03-01" in text
    rows = visitor.get(f"{REPO}/keys.csv?step=month&since=2026-01-01&until=2026-03-01").get_data(as_text=True)
    assert [row.split(",")[0] for row in rows.splitlines()] == ["From", "2026-01", "2026-02", "2026-03"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("since=2026-02-01&until=2026-01-01", "lies after the last day"),
        ("since=soon", "must be a day"),
        ("step=fortnight", "Input should be"),
        ("days=7&since=2026-01-01", "leave it out where since is stated"),
    ],
)
def test_a_range_that_cannot_be_is_told_at_its_field_and_the_usual_one_is_shown(visited: Pages, query, says):
    answer = visited.visitor().get(f"{REPO}?{query}")
    text = answer.get_data(as_text=True)
    assert (answer.status_code, says.lower() in text.lower()) == (422, True)
    assert "Numbers, 2026-01-31 to 2026-03-01" in text
    assert visited.visitor().get(f"{REPO}/sites.svg?{query}").status_code in {400, 422}


def test_there_is_no_other_picture_and_empty_numbers_say_so(visited: Pages):
    visitor = visited.visitor()
    assert visitor.get(f"{REPO}/nothing.svg").status_code == 404
    text = visitor.text("/acme/secret/licenses/numbers")
    assert "Nothing was refused in this time." in text
    assert "refusals.svg" not in text


def test_pictures_need_no_colours_and_know_their_ground():
    rows = [[f"2026-03-0{day}", day, 2 * day, 1] for day in range(1, 4)]
    table = Table("t", "T", ("From", "one", "two", "three"), rows, "stack", (1, 2, 3))
    plain = draw(table, ground_of("gitea-dark")).decode()
    patterns = re.findall(r'<pattern id="filling-(\d)".*?</pattern>', plain)
    assert len(patterns) == 6
    shapes = set(re.findall(r'<path d="([^"]+)" stroke="#[0-9a-f]{6}" stroke-width="1.8"', plain))
    assert len(shapes) == 5, "each series is filled in another way"
    assert "prefers-color-scheme" not in plain
    assert "prefers-color-scheme:dark" in draw(table, ground_of("gitea-auto")).decode()
    lines = draw(Table("t", "T", table.columns, rows, "lines", (1, 2, 3)), ground_of("gitea-light")).decode()
    assert {"8 3", "2 3"} <= set(re.findall(r"stroke-dasharray:([\d ]+)", lines))


def test_a_hostile_name_in_a_picture_is_text():
    table = Table("t", "T", ("Version", "Sites"), [["<script>alert(1)</script>", 3], ["=1+1", 2]], "list", (1,))
    svg = draw(table, ground_of(""))
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in svg
    assert b"<script" not in svg

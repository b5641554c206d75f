"""Styles, script and icons: small, ours, and as the policy wants them."""

import re
from pathlib import Path

import pytest
from support.page_visits import Pages

from bridge.web.pages.files import address, digest
from tools.octicons import NAMES, SPRITE

STATIC = Path(__file__).parents[3] / "bridge" / "web" / "static"
TEMPLATES = STATIC.parent / "templates" / "pages"
MOST = {"pages.css": 30_000, "colours.css": 30_000, "pages.js": 10_000}


@pytest.mark.parametrize("name", MOST)
def test_they_are_small_and_name_no_other_server(name):
    text = (STATIC / name).read_text(encoding="utf-8")
    assert len(text) <= MOST[name]
    assert not re.search(r"https?:|@import|url\(|eval|innerHTML", text)


def test_styles_together_stay_small():
    assert sum(len((STATIC / name).read_bytes()) for name in ("pages.css", "colours.css")) <= 30_000


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_templates_have_nothing_inline_and_switch_nothing_off(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b|autoescape|<script(?![^>]*\ssrc=)", text)


def test_every_icon_that_a_template_names_is_in_the_sprite():
    named = {
        name for path in TEMPLATES.glob("*.html") for name in re.findall(r'icon\(chrome, "([a-z-]+)"', path.read_text())
    }
    assert named
    assert named <= set(NAMES)
    assert set(re.findall(r'<symbol id="([a-z-]+)"', SPRITE.read_text(encoding="utf-8"))) == set(NAMES)


def test_a_file_under_its_digest_is_kept_for_ever(shared: Pages):
    client = shared.api.client
    for name, kind in (("pages.css", "text/css"), ("pages.js", "text/javascript"), ("octicons.svg", "image/svg+xml")):
        answer = client.get(address("", name))
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        other = client.get(address("", name).replace(digest(name), "old"))
        assert other.headers["Cache-Control"] == "public, max-age=300"
        assert "Set-Cookie" not in answer.headers
    assert client.get("/-/licensing/assets/tryout.js").status_code == 404
    assert client.get("/-/licensing/assets/../pages.js").status_code == 404

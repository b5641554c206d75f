"""Single keys of a configuration are changed, and every other byte stays."""

import tomllib
from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings.editing import edited, read_raw

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")

# The text before, what is changed, the text after.
EDITS = [
    ("", {"gitea.url": "http://x"}, '[gitea]\nurl = "http://x"\n'),
    ('[gitea]\nurl = "a" # why\n', {"gitea.url": "b"}, '[gitea]\nurl = "b"\n'),
    ("[gitea]\n# note\n\n[web]\n", {"gitea.url": "b"}, '[gitea]\n# note\nurl = "b"\n\n[web]\n'),
    ("[web]\nworkers = 2\n", {"gitea.url": "b"}, '[web]\nworkers = 2\n\n[gitea]\nurl = "b"\n'),
    ('[gitea]\ntoken = "t"\nurl = "u"\n', {"gitea.token": None}, '[gitea]\nurl = "u"\n'),
    ("[gitea]\n", {"gitea.token": None}, "[gitea]\n"),
    ("[web]\n", {"gitea.token": None}, "[web]\n"),
    (
        '[bridge]\nowners = [\n  "a", # one\n  "b",\n]\nx = 1\n',
        {"bridge.owners": ["c"]},
        '[bridge]\nowners = ["c"]\nx = 1\n',
    ),
    (
        '[gitea] # here\n# url = "d"\ntoken = "t"\n',
        {"gitea.url": "u"},
        '[gitea] # here\n# url = "d"\nurl = "u"\ntoken = "t"\n',
    ),
    ("[web]\nworkers = 2\n", {"web.workers": 5}, "[web]\nworkers = 5\n"),
    ("[a]\nb = true\n", {"a.b": False}, "[a]\nb = false\n"),
    ("[a]\n", {"a.b": 'q"\\é'}, '[a]\nb = "q\\"\\\\é"\n'),
    ("[web]\nworkers = 1\n[webx]\nworkers = 2\n", {"webx.workers": 3}, "[web]\nworkers = 1\n[webx]\nworkers = 3\n"),
]


@pytest.mark.parametrize(("before", "changes", "after"), EDITS)
def test_a_key_is_changed_and_the_rest_stays(before, changes, after):
    assert edited(before, changes) == after


@pytest.mark.parametrize(
    "text",
    [
        'gitea = { url = "a" }\n',
        'gitea.url = "a"\n',
        '[gitea]\n"url" = "a"\n',
        '[gitea]\nnote = """\n[gitea]\nurl = 1\n"""\nurl = "a"\n[other]\n',
    ],
)
def test_what_is_written_otherwise_is_left_alone_and_the_lines_are_told(text):
    tomllib.loads(text)
    with pytest.raises(SettingsError, match=r'gitea\.url = "b"'):
        edited(text, {"gitea.url": "b"})


def test_the_example_is_filled_in_below_its_own_explanations():
    text = edited(EXAMPLE, {"gitea.url": "http://g", "bridge.owners": ["acme"], "oauth.client_id": "id"})
    assert tomllib.loads(text) == {
        **tomllib.loads(EXAMPLE),
        "gitea": {"url": "http://g"},
        "bridge": {"owners": ["acme"]},
        "oauth": {"client_id": "id"},
    }
    assert '# url = "http://127.0.0.1:3000"\nurl = "http://g"\n' in text
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in EXAMPLE.splitlines() if line.startswith("#")
    ]


def test_a_missing_file_says_nothing_and_a_broken_one_is_named(tmp_path):
    assert read_raw(tmp_path / "none.toml") == {}
    (tmp_path / "broken.toml").write_text("[")
    with pytest.raises(SettingsError, match=r"broken\.toml: not valid TOML"):
        read_raw(tmp_path / "broken.toml")

"""The stylesheet of a theme: found in Gitea's pages, whatever the version, and nothing but a path of its own."""

import pytest
from support.bridges import install

from bridge.services.themes import Themes, theme_in
from gitea_client.errors import Unreachable


def link(href: str) -> str:
    return (
        f'<html><head><link rel="stylesheet" href="/assets/css/index.css"><link rel="stylesheet" href="{href}"></head>'
    )


@pytest.mark.parametrize(
    ("href", "theme", "found"),
    [
        ("/assets/css/theme-gitea-auto.P7Zs1mEd.css", "gitea-auto", "/assets/css/theme-gitea-auto.P7Zs1mEd.css"),
        ("/assets/css/theme-gitea-auto.P7Zs1mEd.css", "gitea-dark", "/assets/css/theme-gitea-auto.P7Zs1mEd.css"),
        ("/assets/css/theme-gitea-auto.css?v=1.25.4", "gitea-dark", "/assets/css/theme-gitea-dark.css?v=1.25.4"),
        ("/git/assets/css/theme-own.css", "own", "/git/assets/css/theme-own.css"),
        ("https://cdn.example/assets/css/theme-gitea-auto.css", "gitea-auto", ""),
        ("//evil.example/theme-gitea-auto.css", "gitea-auto", ""),
        ("/assets/../theme-gitea-auto.css", "gitea-auto", ""),
        ("/assets/css/theme-gitea-auto.css?x=&quot;&gt;", "gitea-auto", ""),
        ("theme-gitea-auto.css", "gitea-auto", ""),
        ("/assets/css/index.css", "gitea-auto", ""),
    ],
)
def test_only_a_path_of_gitea_in_a_known_form_counts(href, theme, found):
    assert theme_in(link(href), theme) == found


def test_it_is_looked_up_once_in_ten_minutes_and_a_failure_once_a_minute():
    class Gitea:
        def __init__(self):
            self.asked, self.down = [], False

        def page_for_all(self, *path, cookies):
            self.asked.append(cookies)
            if self.down:
                raise Unreachable("away")
            return link(f"/assets/css/theme-{cookies['gitea_theme']}.abc.css")

    now = [0.0]
    gitea = Gitea()
    themes = Themes(gitea, same_origin=True, monotonic=lambda: now[0])
    for _ in range(3):
        assert themes.stylesheet("gitea-dark") == "/assets/css/theme-gitea-dark.abc.css"
    assert themes.stylesheet("no; theme") == "/assets/css/theme-gitea-auto.abc.css"
    assert len(gitea.asked) == 2
    now[0], gitea.down = 601.0, True
    assert [themes.stylesheet("gitea-dark") for _ in range(2)] == ["", ""]
    now[0], gitea.down = 662.0, False
    assert themes.stylesheet("gitea-dark")
    assert len(gitea.asked) == 4


def test_on_another_host_it_is_not_even_asked_for():
    assert Themes(None, same_origin=False).stylesheet("gitea-dark") == ""


def test_the_pretended_gitea_has_the_person_s_theme(sqlite_url, tmp_path):
    made = install(sqlite_url, tmp_path)
    assert (
        Themes(made.parts.gitea, same_origin=True).stylesheet("gitea-dark")
        == "/assets/css/theme-gitea-dark.P7Zs1mEd.css?v=1.26.4"
    )
    made.close()

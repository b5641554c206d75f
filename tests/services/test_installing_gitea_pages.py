"""What goes into Gitea's templates and how it comes out again: others' text stays, and nothing that Gitea can't read."""

import os
import stat

import pytest

from bridge.errors import SettingsError
from bridge.services.installing import gitea_texts as texts
from bridge.services.installing.gitea_folder import GiteaFolder
from bridge.services.installing.gitea_texts import Where

HERE, ELSEWHERE = Where(), Where("https://licenses.example.com", ("acme", "dora"))
NAMES = {*texts.TEMPLATES, texts.SCRIPT}
THEIRS = '<a class="item" href="https://example.com">Ours</a>\n'


@pytest.fixture
def folder(tmp_path):
    return GiteaFolder(tmp_path)


def settle(folder, differences):
    for each in differences:
        folder.settle(each)


def tree(folder):
    return {str(each.relative_to(folder.root)): each.read_bytes() for each in folder.root.rglob("*") if each.is_file()}


@pytest.mark.parametrize("where", [HERE, ELSEWHERE])
def test_every_block_is_one_that_gitea_can_read(where):
    for block in texts.blocks(where).values():
        assert list(texts.faults(block)) == []
        assert "<script>" not in block
        assert " on" not in block.replace(" one", "")


def test_links_lead_to_the_bridge_wherever_it_is():
    here, elsewhere = texts.blocks(HERE), texts.blocks(ELSEWHERE)
    assert 'href="{{.RepoLink}}/licenses"' in here[texts.TABS]
    assert 'href="{{AppSubUrl}}/{{.Org.Name}}/-/licensing"' in here[texts.LINKS]
    path = "{{.Repository.OwnerName}}/{{.Repository.Name}}/licenses"
    assert f'href="https://licenses.example.com/{path}"' in elsewhere[texts.TABS]
    assert '{{if eq .Repository.OwnerName "acme" "dora"}}' in elsewhere[texts.TABS]
    assert Where.of("https://git.example.com", "https://git.example.com", ()).base == ""
    assert Where.of("https://x.example.com", "https://git.example.com", ()).base == "https://x.example.com"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{AssetVersion}}", "AssetVersion is not among"),
        ("{{JSEscape .Link}}", "JSEscape is not among"),
        ("{{.Org.Nonsense}}", ".Org.Nonsense is not among"),
        ("{{if .OrgLink}}", "an {{if}} without its {{end}}"),
        ("{{end}}", "an {{end}} without its {{if}}"),
        ("{{if .OrgLink}}{{end}}{{end}}", "an {{end}} without its {{if}}"),
        ("{{else}}", "an {{else}} that belongs to no {{if}}"),
        ("{{if .OrgLink}}{{else}}{{else}}{{end}}", "an {{else}} that belongs to no {{if}}"),
        ("{{if .OrgLink}}{{else if .IsAdmin}}{{end}}", "has words of its own"),
        ("{{if}}{{end}}", "{{if}} without a condition"),
        ("{{if .OrgLink}}{{end .OrgLink}}", "an {{end}} with words of its own"),
        ("{{.OrgLink end}}", "only begins an action"),
        ("{{.RepoLink", "a {{ without its }}"),
        ("{{}}", "an empty action"),
        ('{{svg "octicon-key" 16 | Safe}}', "16 is not among"),
        ('{{define "x"}}{{end}}', "define is not among"),
        ('{{if eq .Org.Name "a b"}}{{end}}', '"a b" is not among'),
    ],
)
def test_what_might_keep_gitea_from_starting_is_refused(text, fault):
    assert any(fault in each for each in texts.faults(text)), list(texts.faults(text))


def test_an_owner_of_a_strange_name_stops_it_before_anything_is_written(folder):
    with pytest.raises(SettingsError, match="would keep Gitea from starting"):
        folder.missing(Where(owners=('x"}}{{evil}}',)))
    assert tree(folder) == {}


def test_a_second_run_changes_nothing_and_all_of_it_comes_out_again(folder):
    settle(folder, folder.missing(HERE))
    assert set(tree(folder)) == NAMES
    assert folder.missing(HERE) == []
    settle(folder, folder.leftovers())
    assert tree(folder) == {}
    assert folder.leftovers() == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_what_others_wrote_stays_byte_for_byte(folder, end, last):
    path = folder.root / texts.TABS
    path.parent.mkdir(parents=True)
    theirs = (THEIRS.replace("\n", end) * 2 + (end if last else "")).encode()
    path.write_bytes(theirs)
    settle(folder, folder.missing(HERE))
    assert path.read_bytes().startswith(theirs)
    assert (b"\r\n" in path.read_bytes().removeprefix(theirs)) == (end == "\r\n")
    # Somebody goes on below our block, and the address changes.
    path.write_bytes(path.read_bytes() + b"<!-- more -->" + end.encode())
    settle(folder, folder.missing(ELSEWHERE))
    assert path.read_bytes().endswith(b"<!-- more -->" + end.encode())
    assert path.read_bytes().count(b"BEGIN License Bridge") == 1
    assert b"licenses.example.com" in path.read_bytes()
    settle(folder, folder.leftovers())
    assert path.read_bytes() == theirs + b"<!-- more -->" + end.encode()


def test_a_block_that_is_there_twice_is_there_once_afterwards():
    text = texts.put("", "a\n") + THEIRS + texts.put("", "b\n")
    assert texts.put(text, "c\n") == texts.put("", "c\n") + THEIRS


def test_files_keep_their_mode_and_links_stay_links(folder, tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept") / "links.tmpl"
    kept.write_text(THEIRS)
    kept.chmod(0o640)
    link = folder.root / texts.LINKS
    link.parent.mkdir(parents=True)
    link.symlink_to(kept)
    settle(folder, folder.missing(HERE))
    assert link.is_symlink()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
    assert stat.S_IMODE((folder.root / texts.TABS).stat().st_mode) == 0o644
    assert THEIRS in kept.read_text()


def test_what_is_no_text_is_left_alone(folder):
    path = folder.root / texts.FOOTER
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe{{")
    with pytest.raises(SettingsError, match="not UTF-8 text, so nothing was changed"):
        folder.missing(HERE)


def test_a_directory_that_is_none_says_where_gitea_names_it(tmp_path):
    with pytest.raises(SettingsError, match="Custom Root Path"):
        GiteaFolder(tmp_path / "nowhere").check()


def test_what_may_not_be_written_says_who_may(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    settle(folder, folder.missing(HERE))
    with pytest.raises(SettingsError, match="it is read-only; run this as a user who may write there"):
        settle(folder, folder.missing(ELSEWHERE))


def test_a_block_that_somebody_broke_is_found(folder):
    settle(folder, folder.missing(HERE))
    path = folder.root / texts.TABS
    path.write_text(path.read_text().replace("{{.RepoLink}}", "{{.RepoLink | Nonsense}}"))
    assert [fault for fault in folder.faults() if "Nonsense is not among" in fault and str(path) in fault]
    settle(folder, folder.missing(HERE))
    assert list(folder.faults()) == []


@pytest.mark.parametrize("mark", ["{{/* BEGIN License Bridge x */}}", "{{/* END License Bridge */}}"])
def test_where_one_mark_is_gone_nothing_is_guessed(folder, mark):
    path = folder.root / texts.TABS
    path.parent.mkdir(parents=True)
    path.write_text(THEIRS + mark + THEIRS)
    before = tree(folder)
    for look in (lambda: folder.missing(HERE), folder.leftovers):
        with pytest.raises(SettingsError, match="take out that mark"):
            look()
    assert tree(folder) == before

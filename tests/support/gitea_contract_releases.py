"""What we believe about releases and their files, for the simulator and a real Gitea alike."""

import hashlib
import time

import pytest
import requests

from gitea_client.errors import BadAnswer, NotAllowed, NotFound

ZIP = b"PK\x05\x06" + b"\0" * 18


def eventually(condition, seconds=15.0):
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def tags(releases):
    return [release.tag for release in releases]


class ReleaseContract:
    def test_a_repo_without_releases_has_none(self, gitea):
        assert gitea.client().releases(*gitea.repo(gitea.person())[:2]) == ()

    def test_a_release_comes_before_its_files(self, gitea):
        owner = gitea.person()
        repo = gitea.repo(owner)
        made = gitea.release(owner, repo, "v1.0.0", body="First\n\n- a <b>bold</b> note", prerelease=True)
        client = gitea.client()
        (before,) = client.releases(*repo[:2])
        assert before.assets == ()
        gitea.upload(owner, repo, made, "mod.zip", ZIP)
        (after,) = client.releases(*repo[:2])
        assert (after.id, after.tag, after.title) == (made["id"], "v1.0.0", "v1.0.0")
        assert (after.notes, after.prerelease, after.draft) == ("First\n\n- a <b>bold</b> note", True, False)
        assert after.author.login == owner.login
        assert [(asset.name, asset.size) for asset in after.assets] == [("mod.zip", len(ZIP))]
        assert after.created_at.tzinfo is not None

    def test_a_release_by_tag_in_any_case_and_with_a_slash(self, gitea):
        owner = gitea.person()
        repo = gitea.repo(owner)
        made = gitea.release(owner, repo, "Rel/v1.0+beta")
        client = gitea.client()
        assert client.release_by_tag(*repo[:2], "Rel/v1.0+beta").id == made["id"]
        assert client.release_by_tag(*repo[:2], "rel/V1.0+beta").id == made["id"]
        with pytest.raises(NotFound):
            client.release_by_tag(*repo[:2], "v9")

    def test_more_releases_than_one_page_holds_come_once_each(self, gitea):
        owner = gitea.person()
        repo = gitea.repo(owner)
        made = {gitea.release(owner, repo, f"v{number}")["id"] for number in range(52)}
        found = [release.id for release in gitea.client().releases(*repo[:2])]
        assert len(found) == 52
        assert set(found) == made

    def test_drafts_are_for_those_who_may_write(self, gitea):
        owner, stranger = gitea.person(), gitea.person()
        repo = gitea.repo(owner)
        gitea.release(owner, repo, "v1")
        gitea.release(owner, repo, "v2", draft=True)
        assert tags(gitea.client().releases(*repo[:2])) == ["v2", "v1"]
        assert [release.draft for release in gitea.client(owner.token).releases(*repo[:2])] == [True, False]
        assert tags(gitea.client(stranger.token).releases(*repo[:2])) == ["v1"]
        assert tags(gitea.client("").releases(*repo[:2])) == ["v1"]
        reader = gitea.client(gitea.token_of(owner.login, ["read:repository"]))
        assert tags(reader.releases(*repo[:2])) == (["v1"] if gitea.version >= (1, 26) else ["v2", "v1"])
        assert reader.release_by_tag(*repo[:2], "v2").draft

    def test_a_release_can_be_unpublished_published_and_deleted(self, gitea):
        owner = gitea.person()
        repo = gitea.repo(owner)
        made = gitea.release(owner, repo, "v1")
        path = f"/repos/{'/'.join(repo[:2])}/releases/{made['id']}"
        stranger = gitea.client("")
        gitea.api("PATCH", path, token=owner.token, json={"draft": True})
        assert stranger.releases(*repo[:2]) == ()
        gitea.api("PATCH", path, token=owner.token, json={"draft": False})
        assert tags(stranger.releases(*repo[:2])) == ["v1"]
        gitea.api("DELETE", path, token=owner.token)
        assert stranger.releases(*repo[:2]) == ()

    def test_a_tag_deleted_by_git_turns_its_release_into_a_draft(self, gitea, tmp_path):
        owner = gitea.person()
        repo = gitea.repo(owner)
        gitea.release(owner, repo, "v1")
        gitea.delete_tag_by_git(owner, repo, "v1", tmp_path)
        client = gitea.client(owner.token)
        # Gitea works a push off in the background.
        assert eventually(lambda: [release.draft for release in client.releases(*repo[:2])] == [True])
        assert gitea.client("").releases(*repo[:2]) == ()

    def test_releases_of_a_private_repo_are_hidden(self, gitea):
        owner, stranger = gitea.person(), gitea.person()
        repo = gitea.repo(owner, private=True)
        gitea.release(owner, repo, "v1")
        assert tags(gitea.client(owner.token).releases(*repo[:2])) == ["v1"]
        for token in (stranger.token, ""):
            with pytest.raises(NotFound):
                gitea.client(token).releases(*repo[:2])


class AssetContract:
    def published(self, gitea, *, private=False, content=ZIP):
        """Return the owner, the repo and the read asset of a fresh release."""
        owner = gitea.person()
        repo = gitea.repo(owner, private=private)
        release = gitea.release(owner, repo, "v1")
        gitea.upload(owner, repo, release, "mod one.zip", content)
        (read,) = gitea.client().releases(*repo[:2])
        return owner, repo, read.assets[0]

    def fetched(self, client, asset):
        with client.asset_stream(asset.uuid, expected_size=asset.size) as (size, chunks):
            content = b"".join(chunks)
        assert size == len(content)
        return content

    def test_an_asset_is_streamed_whole(self, gitea):
        content = hashlib.sha256(b"x").digest() * 10_000
        _, _, asset = self.published(gitea, content=content)
        assert self.fetched(gitea.client(), asset) == content

    def test_two_assets_of_one_name_are_two_files(self, gitea):
        owner = gitea.person()
        repo = gitea.repo(owner)
        release = gitea.release(owner, repo, "v1")
        for content in (b"first", b"the second"):
            gitea.upload(owner, repo, release, "mod.zip", content)
        client = gitea.client()
        (read,) = client.releases(*repo[:2])
        assert [asset.name for asset in read.assets] == ["mod.zip", "mod.zip"]
        assert sorted(self.fetched(client, asset) for asset in read.assets) == [b"first", b"the second"]

    def test_the_asset_of_a_public_repo_is_open_and_that_of_a_private_one_is_not(self, gitea):
        client = gitea.client()
        _, _, public = self.published(gitea)
        _, _, private = self.published(gitea, private=True)
        # Fetched first with the token: what the client learned by that must not open the door for a stranger.
        self.fetched(client, private)
        assert client.asset_open_to_strangers(public.uuid)
        assert not client.asset_open_to_strangers(private.uuid)
        assert not client.asset_open_to_strangers("00000000-0000-0000-0000-000000000000")

    def test_an_empty_asset_of_a_public_repo_is_open_too(self, gitea):
        owner = gitea.person()
        repo = gitea.repo(owner)
        made = gitea.upload(owner, repo, gitea.release(owner, repo, "v1"), "empty.zip", b"")
        assert gitea.client().asset_open_to_strangers(made["uuid"])

    def test_a_private_asset_is_for_those_who_may_read(self, gitea):
        owner, _, asset = self.published(gitea, private=True)
        reader = gitea.client(gitea.token_of(owner.login, ["read:repository"]))
        assert self.fetched(reader, asset) == ZIP
        for token in (gitea.person().token, ""):
            with pytest.raises(NotFound):
                self.fetched(gitea.client(token), asset)
        public_only = gitea.client(gitea.token_of(owner.login, ["read:repository", "public-only"]))
        if gitea.version >= (1, 26):
            with pytest.raises(NotAllowed):
                self.fetched(public_only, asset)
        else:
            assert self.fetched(public_only, asset) == ZIP

    def test_a_size_that_the_release_did_not_state_is_refused(self, gitea):
        _, _, asset = self.published(gitea)
        with (
            pytest.raises(BadAnswer),
            gitea.client().asset_stream(asset.uuid, expected_size=asset.size + 1) as (_, chunks),
        ):
            b"".join(chunks)

    @pytest.mark.parametrize(
        ("asked", "status_1_26", "body_1_26"),
        [
            (None, 200, ZIP),
            ("bytes=0-3", 206, ZIP[:4]),
            ("bytes=10-", 206, ZIP[10:]),
            ("bytes=-5", 416, None),
            ("bytes=0-1,4-5", 400, None),
            ("bytes=999-", 416, None),
        ],
    )
    def test_what_gitea_makes_of_a_range(self, gitea, asked, status_1_26, body_1_26):
        _, _, asset = self.published(gitea)
        headers = {"Range": asked} if asked else {}
        answer = requests.get(f"{gitea.base_url}/attachments/{asset.uuid}", headers=headers, timeout=20)
        if gitea.version < (1, 26) and asked in {"bytes=-5", "bytes=0-1,4-5"}:
            assert answer.status_code == 206
            return
        assert answer.status_code == status_1_26
        if body_1_26 is not None:
            assert answer.content == body_1_26
            assert answer.headers["ETag"] == f'"{asset.uuid}"'

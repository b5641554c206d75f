"""What can be done to tags, releases and assets of a pretend Gitea, and which hooks tell of it."""

from __future__ import annotations

import uuid

from gitea_client.simulator.errors import Refusal, not_found
from gitea_client.simulator.models import EPOCH, Account, Asset, Release, Repo
from gitea_client.simulator.notices import Notices
from gitea_client.simulator.state import commit_id


class ReleaseScripts(Notices):
    """The part of ``World`` about releases."""

    def publish_release(
        self,
        owner: str,
        name: str,
        tag: str,
        *,
        title: str = "",
        notes: str = "",
        draft: bool = False,
        prerelease: bool = False,
        files: dict[str, bytes] | None = None,
        by: str | None = None,
    ) -> Release:
        """Make a release. As with Gitea's API, hooks go out before ``files`` are there, and uploading tells nobody."""
        with self.lock:
            repo = self.repo(owner, name)
            actor = self.actor_for(repo, by)
            release = self.create_release(
                repo, actor, tag, title=title, notes=notes, draft=draft, prerelease=prerelease
            )
            for file_name, content in (files or {}).items():
                self.upload(release, file_name, content)
            return release

    def create_release(
        self,
        repo: Repo,
        actor: Account,
        tag: str,
        *,
        title: str = "",
        notes: str = "",
        target: str = "",
        draft: bool = False,
        prerelease: bool = False,
    ) -> Release:
        """Make a release in a repo; 409 when the tag has one, 422 in an empty repo."""
        with self.lock:
            if repo.empty:
                raise Refusal(422, "repo is empty")
            if self.release_of(repo, tag) is not None:
                raise Refusal(409, "Release is has no Tag")
            release = Release(
                id=self.next_id("release"),
                tag=tag,
                title=title,
                notes=notes,
                target=target or repo.default_branch,
                author_id=actor.id,
                # Over a tag that was there first Gitea says 1970, a slip that its hooks show as well.
                created=EPOCH if tag in repo.tags and not draft else self.now(),
                draft=draft,
                prerelease=prerelease,
            )
            repo.releases[release.id] = release
            if not draft:
                self._tag_for(repo, release, actor)
                self.tell_release("published", repo, release, actor)
            return release

    def edit_release(
        self,
        repo: Repo,
        release: Release,
        actor: Account,
        *,
        title: str | None = None,
        notes: str | None = None,
        draft: bool | None = None,
        prerelease: bool | None = None,
    ) -> None:
        """Change a release. Un-publishing tells nobody; publishing over an existing tag is told as ``updated``."""
        with self.lock:
            new_tag = release.tag not in repo.tags
            release.title = title or release.title
            release.notes = notes or release.notes
            release.draft = release.draft if draft is None else draft
            release.prerelease = release.prerelease if prerelease is None else prerelease
            if release.draft:
                return
            if new_tag:
                self._tag_for(repo, release, actor)
            self.tell_release("published" if new_tag else "updated", repo, release, actor)

    def unpublish(self, owner: str, name: str, tag: str) -> None:
        """Turn a release into a draft."""
        repo, release = self.found_release(owner, name, tag)
        self.edit_release(repo, release, self.actor_for(repo, None), draft=True)

    def delete_release(self, repo: Repo, release: Release, actor: Account) -> None:
        """Delete a release and its assets; the tag stays."""
        with self.lock:
            del repo.releases[release.id]
            release.assets.clear()
            if not release.draft:
                self.tell_release("deleted", repo, release, actor)

    def upload(self, release: Release, name: str, content: bytes) -> Asset:
        """Add a file to a release, also a second one of the same name. No hook tells."""
        with self.lock:
            asset = Asset(
                id=self.next_id("asset"), uuid=str(uuid.uuid4()), name=name, content=content, created=self.now()
            )
            release.assets.append(asset)
            return asset

    def delete_asset(self, release: Release, asset_id: int) -> None:
        """Remove a file from a release. No hook tells."""
        with self.lock:
            if not any(asset.id == asset_id for asset in release.assets):
                raise not_found()
            release.assets[:] = [asset for asset in release.assets if asset.id != asset_id]

    def push_tag(self, owner: str, name: str, tag: str, *, by: str | None = None) -> None:
        """Push a bare tag; a draft of that tag is published silently."""
        with self.lock:
            repo = self.repo(owner, name)
            self._add_tag(repo, tag, self.actor_for(repo, by))
            release = self.release_of(repo, tag)
            if release is not None:
                release.draft = False

    def delete_tag_by_git(self, owner: str, name: str, tag: str, *, by: str | None = None) -> None:
        """Delete a tag by ``git push --delete``: its release silently becomes a draft."""
        with self.lock:
            repo = self.repo(owner, name)
            sha = repo.tags.pop(tag, None)
            if sha is None:
                raise not_found()
            release = self.release_of(repo, tag)
            if release is not None:
                release.draft = True
            self.tell_tag(repo, tag, before=sha, after="0" * 40, actor=self.actor_for(repo, by))

    def found_release(self, owner: str, name: str, tag: str) -> tuple[Repo, Release]:
        """Return a repo and the release of a tag in it; 404 when there is none."""
        with self.lock:
            repo = self.repo(owner, name)
            release = self.release_of(repo, tag)
            if release is None:
                raise not_found()
            return repo, release

    def asset(self, wanted: str) -> tuple[Repo, Release, Asset] | None:
        """Find an asset by its uuid."""
        with self.lock:
            return next(
                (
                    (repo, release, asset)
                    for repo in self.repos.values()
                    for release in repo.releases.values()
                    for asset in release.assets
                    if asset.uuid == wanted
                ),
                None,
            )

    def _tag_for(self, repo: Repo, release: Release, actor: Account) -> None:
        if release.tag not in repo.tags:
            self._add_tag(repo, release.tag, actor)

    def _add_tag(self, repo: Repo, tag: str, actor: Account) -> None:
        repo.tags[tag] = commit_id(repo.id, "main")
        self.tell_tag(repo, tag, before="0" * 40, after=repo.tags[tag], actor=actor)

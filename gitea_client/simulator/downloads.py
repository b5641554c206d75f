"""Asset bytes from the pretend Gitea, and from the object storage it may redirect to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gitea_client.simulator import access
from gitea_client.simulator.auth import caller, world
from gitea_client.simulator.errors import Refusal
from gitea_client.simulator.faults import hang_up
from gitea_client.simulator.models import Asset, Release, Repo

pages = Blueprint("downloads", __name__)


@pages.get("/attachments/<uuid>")
def attachment(uuid: str) -> AnyResponse:
    """An asset by its uuid, for whoever may read its repo's releases. Drafts count like releases."""
    found = world().asset(uuid)
    if found is None:
        raise Refusal(404, "Not Found")
    return _given(*found)


@pages.get("/<owner>/<name>/releases/download/<path:tag>/<file_name>")
def by_name(owner: str, name: str, tag: str, file_name: str) -> AnyResponse:
    """An asset by tag and name."""
    repo = world().resolve(owner, name, request.path)
    release = world().release_of(repo, tag)
    asset = next((each for each in release.assets if each.name == file_name), None) if release else None
    if release is None or asset is None:
        raise Refusal(404, "Not Found")
    return _given(repo, release, asset)


@pages.get("/storage/<uuid>")
def storage(uuid: str) -> Response:
    """Object storage: whoever has a signed address may read, and nobody who authorizes in two ways."""
    found = world().asset(uuid)
    if found is None or request.args.get("signature") != "signed":
        return Response("AccessDenied", 403, mimetype="application/xml")
    if "Authorization" in request.headers:
        return Response("InvalidArgument: only one auth mechanism allowed", 400, mimetype="application/xml")
    return _file(found[2])


def _given(repo: Repo, _release: Release, asset: Asset) -> AnyResponse:
    who = caller()
    if not access.at_least(world(), who.person, repo, "read", access.RELEASES):
        raise Refusal(404, "Not Found")
    if who.public_only and repo.private and world().since(1, 26):
        raise Refusal(403, "Forbidden")
    asset.downloads += 1
    if world().serve_direct:
        return redirect(f"{request.host_url}storage/{asset.uuid}?signature=signed", 303)
    if request.if_none_match.contains(asset.uuid):
        return Response(status=304, headers={"ETag": f'"{asset.uuid}"'})
    answer = _file(asset)
    answer.headers |= {
        "ETag": f'"{asset.uuid}"',
        "Last-Modified": format_datetime(asset.created, usegmt=True),
        "Cache-Control": "max-age=0, private, must-revalidate, no-transform",
        "Content-Disposition": f"inline; filename={asset.name.encode('ascii', 'replace').decode()}",
        "X-Content-Type-Options": "nosniff",
        "Set-Cookie": "i_like_gitea=pretend; Path=/; HttpOnly",
    }
    return answer


def _file(asset: Asset) -> Response:
    content = asset.content
    header = request.headers.get("Range", "")
    if content and header.startswith("bytes="):
        return _part(content, header.removeprefix("bytes="))
    answer = Response(content, mimetype="application/octet-stream")
    if world().faults.striking(request.path, "truncate") is not None:
        half = content[: len(content) // 2]
        answer = Response(_dropped_after(half, request.environ), mimetype="application/octet-stream")
        answer.headers["Content-Length"] = str(len(content))
    return answer


def _dropped_after(content: bytes, environ: Mapping[str, Any]) -> Iterator[bytes]:
    yield content
    hang_up(environ)


def _part(content: bytes, wanted: str) -> Response:
    """Parts of a file. Before 1.26 any ranges; since then one, ``a-b`` or ``a-``, and no suffix."""
    if not world().since(1, 26):
        return _parts_of_old(content)
    start, _, end = wanted.partition("-")
    if not start.isdigit() or int(start) >= len(content):
        return Response("invalid start range\n", 416, mimetype="text/plain")
    last = min(int(end), len(content) - 1) if end.isdigit() else len(content) - 1
    if (end and not end.isdigit()) or last < int(start):
        return Response("invalid end range\n", 400, mimetype="text/plain")
    return _one_part(content, int(start), last + 1)


def _parts_of_old(content: bytes) -> Response:
    asked = request.range
    spans = [asked.__class__("bytes", [each]).range_for_length(len(content)) for each in asked.ranges] if asked else []
    known = [span for span in spans if span is not None]
    if not known:
        return Response("invalid range: failed to overlap\n", 416, mimetype="text/plain")
    if len(known) == 1:
        return _one_part(content, *known[0])
    edge = "pretend"
    parts = [
        f"--{edge}\r\nContent-Range: bytes {start}-{stop - 1}/{len(content)}\r\n\r\n".encode() + content[start:stop]
        for start, stop in known
    ]
    whole = b"\r\n".join([*parts, f"--{edge}--\r\n".encode()])
    return Response(whole, 206, mimetype=f"multipart/byteranges; boundary={edge}")


def _one_part(content: bytes, start: int, stop: int) -> Response:
    answer = Response(content[start:stop], 206, mimetype="application/octet-stream")
    answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    return answer

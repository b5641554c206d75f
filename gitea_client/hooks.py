"""Is this delivery really Gitea's, and what does it say happened.

A delivery is a hint: it tells which repo to read again, and nothing is ever believed from it. Facts about deliveries
are those of Gitea 1.23 and 1.26 (services/webhook/deliver.go).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

MAX_DELIVERY_BYTES = 4 * 1024 * 1024
_FORM = "application/x-www-form-urlencoded"
_SIGNATURE_HEADERS = ("x-gitea-signature", "x-hub-signature-256")
_SHA256_HEX_LENGTH = 64
_HIGHEST_ID = 2**63 - 1  # as Gitea counts
_NAME_LENGTH = 255
_TAG_PREFIX = "refs/tags/"
_BRANCH_PREFIX = "refs/heads/"


class BadDelivery(Exception):  # noqa: N818 -- named for what happened, as all errors here
    """A delivery that cannot be read; the message is a sentence for the log, without anything of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a delivery says, each part None where it says nothing readable.

    ``event`` is ``release``, ``push``, ``create``, ``delete``, ``repository`` or any other of Gitea's. ``owner`` and
    ``name`` are those of the moment it was sent. ``ref_type`` is ``tag`` or ``branch``; ``tag`` and ``branch`` are
    short names. ``removed`` says that a ref, repo or release went away. ``target`` is the level of the hook, from 1.24.
    ``is_test``: somebody pressed Gitea's button for it, and nothing happened.
    """

    uuid: str
    event: str
    action: str | None = None
    repository_id: int | None = None
    owner: str | None = None
    name: str | None = None
    tag: str | None = None
    branch: str | None = None
    ref_type: str | None = None
    removed: bool = False
    sender: str | None = None
    target: str | None = None
    is_test: bool = False


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Whether one of ``secrets`` signed this body (HMAC-SHA256 over the bytes as they came, in constant time).

    Several secrets allow a rotation. Empty secrets never count: Gitea sends an empty signature where a hook has none.
    For a form delivery Gitea signs the JSON inside the field ``payload``.
    """
    try:
        signed = _payload(body, headers)
    except BadDelivery:
        return False
    claimed = _claimed_signatures(headers)
    if not claimed:
        return False
    genuine = False
    for secret in secrets:
        if secret:
            expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
            # All secrets are tried, also after one that fits. Two headers that disagree are refused.
            genuine |= all(hmac.compare_digest(expected, signature) for signature in claimed)
    return genuine


def parse(body: bytes, headers: Mapping[str, str]) -> Delivery:
    """Read a verified delivery; ``BadDelivery`` when it has no id or event, or holds no JSON object."""
    uuid = _header(headers, "x-gitea-delivery").strip()
    event = _header(headers, "x-gitea-event").strip()
    if not uuid or len(uuid) > _NAME_LENGTH:
        raise BadDelivery("The delivery has no id.")
    if not event or len(event) > _NAME_LENGTH:
        raise BadDelivery("The delivery does not say which event it is.")
    try:
        data = json.loads(_payload(body, headers))
    except (ValueError, RecursionError):
        raise BadDelivery("The delivery holds no JSON.") from None
    if not isinstance(data, dict):
        raise BadDelivery("The delivery holds something else than a JSON object.")
    repository = _object(data, "repository")
    action = _text(data, "action")
    ref_type, ref = _ref(data)
    return Delivery(
        uuid=uuid,
        event=event,
        action=action,
        repository_id=_id(repository),
        owner=_text(_object(repository, "owner"), "login"),
        name=_text(repository, "name"),
        tag=_text(_object(data, "release"), "tag_name") or (ref if ref_type == "tag" else None),
        branch=ref if ref_type == "branch" else None,
        ref_type=ref_type,
        removed=action == "deleted" or event == "delete" or _is_zero(data.get("after")),
        sender=_text(_object(data, "sender"), "login"),
        target=_header(headers, "x-gitea-hook-installation-target-type") or None,
        is_test=event == "push" and _moves_nothing(data),
    )


def _payload(body: bytes, headers: Mapping[str, str]) -> bytes:
    if len(body) > MAX_DELIVERY_BYTES:
        raise BadDelivery("The delivery is too large.")
    if _header(headers, "content-type").partition(";")[0].strip().lower() != _FORM:
        return body
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=10, keep_blank_values=True)
    except ValueError:
        raise BadDelivery("The delivery is no form.") from None
    payloads = fields.get("payload", [])
    if len(payloads) != 1:
        raise BadDelivery("The delivery is a form without exactly one payload.")
    return payloads[0].encode()


def _claimed_signatures(headers: Mapping[str, str]) -> list[str]:
    found = [_header(headers, name).removeprefix("sha256=") for name in _SIGNATURE_HEADERS if _header(headers, name)]
    well_formed = all(len(each) == _SHA256_HEX_LENGTH and each.isascii() for each in found)
    return found if well_formed else []


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _ref(data: Mapping[str, Any]) -> tuple[str | None, str | None]:
    # ``create`` and ``delete`` say a short name and its type; ``push`` says a whole ref.
    ref, ref_type = _text(data, "ref"), _text(data, "ref_type")
    if ref is None or ref_type is not None:
        return ref_type, ref
    if ref.startswith(_TAG_PREFIX):
        return "tag", ref.removeprefix(_TAG_PREFIX)
    if ref.startswith(_BRANCH_PREFIX):
        return "branch", ref.removeprefix(_BRANCH_PREFIX)
    return None, None


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    readable = isinstance(value, str) and 0 < len(value) <= _NAME_LENGTH * 2 and value.isprintable()
    return value if readable else None  # what is not printable (NUL, half a character) no database would take


def _id(data: Mapping[str, Any]) -> int | None:
    value = data.get("id")
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _HIGHEST_ID else None


def _is_zero(sha: Any) -> bool:
    return isinstance(sha, str) and sha != "" and not sha.strip("0")


def _moves_nothing(data: Mapping[str, Any]) -> bool:
    # A real push leads from one commit to another, a made-up one from the newest commit to itself
    # (routers/api/v1/repo/hook.go, TestHook).
    before, after = data.get("before"), data.get("after")
    return isinstance(before, str) and before == after and before.strip("0") != ""

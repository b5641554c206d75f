"""What is done to a key in one step: revoked, given a new code or feed address, renewed; its sites and its use."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bridge.rules.permissions import Action
from bridge.services import key_edits, keys, resending, sites
from bridge.storage import pages
from bridge.web.api import schemas_keys as shown
from bridge.web.api import tags
from bridge.web.api.errors import not_found
from bridge.web.api.fields import PageQuery
from bridge.web.api.key_shapes import shape
from bridge.web.api.keys import find, find_for
from bridge.web.api.operations import Call, Operation, Reply

View = Callable[[Call], Reply]


def revoke(call: Call) -> Reply:
    """Stop a key for good; doing it again changes nothing."""
    with call.writing() as session:
        key, package = find_for(call, session, Action.KEYS_REVOKE)
        successor = keys.revoke(session, key, call.body.reason, call.issuer)
        revoked = shape(call, session, key, package)
        fresh = shape(call, session, successor, package) if successor is not None else None
        return Reply(shown.Revoked(key=revoked, successor=fresh), etag=tags.key_tag(session, key))


def replace(call: Call) -> Reply:
    """A new code; sites and dates stay."""
    with call.writing() as session:
        key, package = find_for(call, session, Action.KEYS_REPLACE)
        keys.replace_code(session, key, keys.OVERLAPS[call.body.overlap], call.issuer)
        return Reply(shape(call, session, key, package), etag=tags.key_tag(session, key))


def replace_feed_token(call: Call) -> Reply:
    """A new personal feed address."""
    with call.writing() as session:
        key, package = find_for(call, session, Action.KEYS_REPLACE)
        keys.replace_feed_token(session, key, call.issuer)
        return Reply(shape(call, session, key, package), etag=tags.key_tag(session, key))


def renew(call: Call) -> Reply:
    """One more term."""
    with call.writing() as session:
        key, package = find_for(call, session, Action.KEYS_RENEW)
        key_edits.renew(session, key, package, call.actor, call.now)
        return Reply(shape(call, session, key, package), etag=tags.key_tag(session, key))


def resend(call: Call) -> Reply:
    """The key's mail once more."""
    call.require_mail()
    with call.writing() as session:
        key, package = find_for(call, session, Action.KEYS_RESEND)
        to = resending.of_key(session, key, package, call.issuer)
        return Reply(shown.Resent(to=to, keys=[key.id or 0]))


def list_usage(call: Call) -> Reply:
    """What the key did, day by day; at a repo, what it did there."""
    asked: shown.UsageQuery = call.query
    since = (call.now - timedelta(days=asked.days - 1)).date()
    offset = (asked.page - 1) * asked.limit
    with call.reading() as session:
        key, _ = find(call, session)
        total, rows = pages.usage(session, key.id or 0, since, call.repo_id, limit=asked.limit, offset=offset)
        return Reply([shown.Usage.model_validate(row.model_dump()) for row in rows], total=total)


def list_sites(call: Call) -> Reply:
    """Where the key is used."""
    asked: PageQuery = call.query
    with call.reading() as session:
        key, _ = find(call, session)
        offset = (asked.page - 1) * asked.limit
        total, rows = pages.sites(session, key.id or 0, limit=asked.limit, offset=offset)
        shapes = [shown.Site.model_validate(row.model_dump() | {"counts": row.slot is not None}) for row in rows]
        return Reply(shapes, total=total)


def free_site(call: Call) -> Reply:
    """End a site's activation, so that another may take its place."""
    with call.writing() as session:
        key, _package = find_for(call, session, Action.SITES_FREE)
        site = pages.site(session, key.id or 0, call.id("site"))
        if site is None:
            raise not_found()
        sites.free(session, key, site.host, call.actor, call.now)
        return Reply(None)


def _action(name: str, path: str, action: Action, view: View, summary: str, **more: Any) -> Operation:
    address = f"license-keys/{{id}}/{path}"
    return Operation(name=name, method="POST", path=address, action=action, view=view, summary=summary, **more)


OPERATIONS = (
    _action(
        "revoke_license_key",
        "revoke",
        Action.KEYS_REVOKE,
        revoke,
        "Revoke a key for good; a master key is replaced by a new one",
        answer=shown.Revoked,
        body=shown.Revocation,
        anew=True,
    ),
    _action(
        "replace_license_key",
        "replace",
        Action.KEYS_REPLACE,
        replace,
        "Give a key a new code",
        answer=shown.Key,
        body=shown.Replacement,
        anew=True,
    ),
    _action(
        "replace_feed_token",
        "feed-token",
        Action.KEYS_REPLACE,
        replace_feed_token,
        "Give a key a new personal feed address",
        answer=shown.Key,
        anew=True,
    ),
    _action(
        "renew_license_key", "renew", Action.KEYS_RENEW, renew, "Add one more term of the package", answer=shown.Key
    ),
    _action(
        "resend_license_key",
        "resend",
        Action.KEYS_RESEND,
        resend,
        "Mail a key to its customer once more; three times an hour at most",
        answer=shown.Resent,
        status=202,
    ),
    Operation(
        name="list_license_key_usage",
        method="GET",
        path="license-keys/{id}/usage",
        action=Action.USAGE_READ,
        view=list_usage,
        summary="List what a key did, by day",
        answer=list[shown.Usage],
        query=shown.UsageQuery,
    ),
    Operation(
        name="list_license_key_sites",
        method="GET",
        path="license-keys/{id}/sites",
        action=Action.SITES_READ,
        view=list_sites,
        summary="List the sites that use a key",
        answer=list[shown.Site],
        query=PageQuery,
    ),
    Operation(
        name="free_license_key_site",
        method="DELETE",
        path="license-keys/{id}/sites/{site}",
        action=Action.SITES_FREE,
        view=free_site,
        summary="Free a site, so that another may take its place",
        answer=None,
        status=204,
        anew=True,
    ),
)

"""The audit trail."""

from bridge.rules.permissions import Action
from bridge.storage import pages
from bridge.storage.pages import Trail
from bridge.web.api import schemas as shown
from bridge.web.api.operations import Call, Operation, Reply


def list_changes(call: Call) -> Reply:
    """One page, newest first."""
    asked: shown.AuditQuery = call.query
    offset = (asked.page - 1) * asked.limit
    with call.reading() as session:
        total, rows = pages.trail(session, wanted(call), limit=asked.limit, offset=offset)
        return Reply([shown.Change.model_validate(row.model_dump()) for row in rows], total=total)


def wanted(call: Call) -> Trail:
    """Which changes the query means, here."""
    asked: shown.AuditQuery = call.query
    return Trail(
        call.owner_id, call.repo_id, asked.subject, asked.actor, asked.action, since=asked.since, until=asked.until
    )


OPERATIONS = (
    Operation(
        name="list_license_audit",
        method="GET",
        path="license-audit",
        action=Action.AUDIT_READ,
        view=list_changes,
        summary="List who changed what, when, and from where",
        answer=list[shown.Change],
        query=shown.AuditQuery,
    ),
)

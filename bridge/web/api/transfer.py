"""Keys taken in from a table, and taken along in one."""

from typing import cast

from bridge.models import Package
from bridge.rules.permissions import Action
from bridge.services import exports, imports
from bridge.storage.key_search import Filter
from bridge.web.api import schemas_transfer as shown
from bridge.web.api.errors import DESCRIPTION, STATUSES, ApiError, invalid
from bridge.web.api.keys import host_asked
from bridge.web.api.operations import Call, Operation, Reply

MOST_UPLOAD_BYTES = 64 * 1024 * 1024
_MOST_ERRORS = 50
_TAKES_ALONG = (Action.KEYS_EXPORT, Action.KEYS_CODE, Action.KEYS_MAIL)


def import_keys(call: Call) -> Reply:
    """All rows of a table or, unless bad ones are to be left out, none."""
    asked: shown.ImportQuery = call.query
    wanted = imports.Asked(
        call.owner_id,
        call.repo_id,
        call.now,
        call.issuer.prefix,
        mapped=_mapped(asked.map),
        allowed=lambda package: call.may(Action.KEYS_IMPORT, of_owner=package.repo_id is None),
        may_sell=lambda package: call.may(Action.PURCHASES_WRITE, of_owner=package.repo_id is None),
    )
    table = imports.open_table(call.body.file, asked.format)
    with call.reading() as session:
        planned = imports.plan(session, table, wanted)
    with planned:
        stopped = planned.counts["refused"] > 0 and asked.on_error == "stop"
        call.without_effect = asked.dry_run or stopped
        if stopped and not asked.dry_run:
            return _refused(call, planned)
        if not asked.dry_run:
            with call.writing() as session:
                imports.apply(session, planned, wanted, call.issuer)
        return Reply(_report(planned, dry_run=asked.dry_run))


def export_keys(call: Call) -> Reply:
    """A table, written while it is read."""
    asked: shown.ExportQuery = call.query
    wanted = Filter(
        state=asked.state or "",
        package_id=asked.package,
        customer=asked.customer,
        host=host_asked(asked.domain),
        text=asked.q,
        expires_before=asked.expires_before,
    )
    with call.writing() as session:
        scope = exports.scope(session, call.sight, wanted, call.now, lambda package: _may_take(call, package))
        exports.note(session, scope, call.actor)
    lines = exports.lines(lambda: call.doors.open_session(read_only=True), scope)
    names = "-".join(call.names[name] for name in ("owner", "repo") if name in call.names)
    return Reply(None, lines=lines, filename=f"license-keys-{names}-{call.now:%Y-%m-%d}.csv")


def _may_take(call: Call, package: Package) -> bool:
    return all(call.may(action, of_owner=package.repo_id is None) for action in _TAKES_ALONG)


def _mapped(stated: list[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for each in stated:
        name, _, numbers = each.rpartition(":")
        listed = [number.strip() for number in numbers.split(",")]
        if not name or not all(number.isascii() and number.isdigit() and len(number) < 10 for number in listed):  # noqa: PLR2004  no row has more digits
            raise invalid("map", "is the name of a product, a colon and numbers of packages, such as Pro:3 or Pro:3,4")
        found[name] = tuple(map(int, listed))
    return found


def _refused(call: Call, planned: imports.Plan) -> Reply:
    bad = [verdict for verdict in planned.shown if verdict.action == "refused"]
    errors = {_place(verdict): verdict.sentence for verdict in bad[:_MOST_ERRORS]}
    message = f"{planned.counts['refused']} of {planned.rows} rows can't be taken, so none was imported"
    if planned.forbidden:
        raise ApiError("forbidden", f"{message}: {bad[0].sentence}", errors)
    said = shown.ImportRefusal(
        message=f"{message}; mend them, or leave them out with on_error=skip",
        code="invalid",
        url=call.doors.settings.bridge.public_url + DESCRIPTION,
        errors=errors,
        report=_report(planned, dry_run=False),
    )
    return Reply(said, status=STATUSES["invalid"])


def _place(verdict: imports.Verdict) -> str:
    return f"line {verdict.line}" + (f", {verdict.column}" if verdict.column else "")


def _report(planned: imports.Plan, *, dry_run: bool) -> shown.ImportReport:
    table, verdicts = planned.table, planned.shown
    return shown.ImportReport(
        format=table.header.form.name,
        encoding=table.encoding,
        separator=table.separator,
        dry_run=dry_run,
        rows=planned.rows,
        counts=shown.ImportCounts(**cast("dict[str, int]", planned.counts)),
        passed_over=[name[:200] for name in table.header.passed_over][:200],
        verdicts=[shown.ImportVerdict.model_validate(each, from_attributes=True) for each in verdicts],
        complete=len(verdicts) == sum(planned.counts.values()),
    )


OPERATIONS = (
    Operation(
        name="import_license_keys",
        method="POST",
        path="license-keys/import",
        action=Action.KEYS_IMPORT,
        view=import_keys,
        summary="Import keys from a table (CSV): of an export, of Akeeba Release System, of EDD Software Licensing",
        answer=shown.ImportReport,
        refusal=shown.ImportRefusal,
        query=shown.ImportQuery,
        upload=MOST_UPLOAD_BYTES,
    ),
    Operation(
        name="export_license_keys",
        method="GET",
        path="license-keys.csv",
        action=Action.KEYS_EXPORT,
        view=export_keys,
        summary="Export keys as a table (CSV) that can be imported again",
        answer=str,
        query=shown.ExportQuery,
    ),
)

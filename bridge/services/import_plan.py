"""What an import would do, row by row, before it does anything.

Nothing is written here, so that the file can be read and checked without holding anybody up; what would be done waits
in a file of its own. Keys that are there stay as they are: an import adds keys and changes none.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Any, Literal, Self

from bridge.models import LicenseKey, Package
from bridge.rules import permissions
from bridge.rules.imports.rows import BadRow, Fault, read_row
from bridge.services import keys
from bridge.services.import_files import Record, Table
from bridge.services.import_rows import Bound, Packages, Wanted, wanted_keys
from bridge.storage import audits, key_imports

Action = Literal["issue", "known", "adopt", "refused"]
ACTIONS: tuple[Action, ...] = ("issue", "known", "adopt", "refused")
BATCH = 500
MOST_SHOWN = 1000
_IN_MEMORY = 1024 * 1024
_MOMENTS = ("starts_at", "expires_at", "edit_until", "suspended_at", "revoked_at", "created_at")


@dataclass(slots=True)
class Verdict:
    """What becomes of a row, for one of its packages. ``forbidden``: refused because the caller may not."""

    line: int
    action: Action
    sentence: str
    column: str = ""
    package_id: int | None = None
    package: str = ""
    key_id: int | None = None
    state: str = ""
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Where and how to import.

    ``allowed`` and ``may_sell``: whether the caller may import keys of a package, and bind them to purchases. ``each``
    is told every verdict, ``progress`` how many bytes were read.
    """

    owner_id: int
    repo_id: int | None
    now: datetime
    prefix: str
    mapped: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    allowed: Callable[[Package], bool] = lambda _: True
    may_sell: Callable[[Package], bool] = lambda _: True
    each: Callable[[Verdict], None] = lambda _: None
    progress: Callable[[int], None] = lambda _: None


class Plan:
    """The verdicts, of which the first thousand are kept (refused rows before others), and what is to be made."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows = 0
        self.counts: dict[Action, int] = dict.fromkeys(ACTIONS, 0)
        self.forbidden = False
        self._refused: list[Verdict] = []
        self._others: dict[tuple[int, int | None], Verdict] = {}
        self._waiting: IO[str] = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.close()

    @property
    def shown(self) -> list[Verdict]:
        """Up to a thousand verdicts, in the order of the file."""
        room = max(0, MOST_SHOWN - len(self._refused))
        return sorted([*self._refused, *islice(self._others.values(), room)], key=lambda each: each.line)

    def note(self, verdict: Verdict) -> None:
        """Take a verdict in."""
        self.counts[verdict.action] += 1
        self.forbidden |= verdict.forbidden
        kept = self._refused if verdict.action == "refused" else self._others
        if len(kept) < MOST_SHOWN:
            if verdict.action == "refused":
                self._refused.append(verdict)
            else:
                self._others[verdict.line, verdict.package_id] = verdict

    def done(self, line: int, package_id: int, key_id: int) -> None:
        """The key of a row has its number now."""
        verdict = self._others.get((line, package_id))
        if verdict is not None:
            verdict.key_id = key_id

    def wait(self, wanted: Wanted, known_key: int | None) -> None:
        """Keep a key for later: one to be made, or (``known_key``) one whose purchase is to be taken over."""
        values = wanted.key | {name: audits.iso(wanted.key[name]) for name in _MOMENTS}
        row = [wanted.line, values, wanted.code, wanted.domains, wanted.sites, wanted.subscription, known_key]
        self._waiting.write(json.dumps(row) + "\n")

    def waiting(self, packages: Mapping[int, Package]) -> Iterator[tuple[Wanted, int | None]]:
        """What was kept."""
        self._waiting.seek(0)
        for text in self._waiting:
            line, values, code, domains, sites, subscription, known_key = json.loads(text)
            for name in _MOMENTS:
                values[name] = datetime.fromisoformat(values[name]) if values[name] else None
            package = packages[values["package_id"]]
            yield Wanted(line, values, package, code, tuple(domains), sites, subscription, 0), known_key


def make(session: Any, table: Table, asked: Asked) -> Plan:
    """Read the whole table and decide about each row.

    Raises ``InvalidInputError`` for a table that can't be read to its end, or a map that leads nowhere.
    """
    packages = Packages(session, asked.owner_id, asked.repo_id, asked.mapped)
    plan = Plan(table)
    try:
        _Planner(session, plan, packages, asked).run()
    except BaseException:
        plan.__exit__()
        raise
    return plan


class _Planner:
    """Goes through the rows in batches, so that the database is asked once for many."""

    def __init__(self, session: Any, plan: Plan, packages: Packages, asked: Asked) -> None:
        self._session, self._plan, self._packages, self._asked = session, plan, packages, asked
        # Where a key stands in the file, and what its row says: 40 bytes a row, of which there are at most 250,000.
        self._seen: dict[int, int] = {}

    def run(self) -> None:
        records = self._plan.table.records()
        while batch := list(islice(records, BATCH)):
            ready: list[Wanted] = []
            for record in batch:
                self._plan.rows += 1
                try:
                    ready += self._read(record)
                except BadRow as error:
                    self._refuse(record.line, *error.faults)
            self._decide(ready)
            self._asked.progress(self._plan.table.read_so_far())

    def _read(self, record: Record) -> list[Wanted]:
        table = self._plan.table
        header, cells = table.header, record.cells
        if table.is_header(record):
            raise BadRow(Fault("", "is the header line again; take it out where files were put together"))
        width = len(header.fields)
        if len(cells) < width or any(map(str.strip, cells[width:])):
            raise BadRow(Fault("", f"has {len(cells)} cells, and the header line has {width}"))
        values = {name: cell for name, cell in zip(header.fields, cells, strict=False) if name}
        row = read_row(header.form, values, self._asked.now)
        packages = self._packages.of(row, header.form)
        found = wanted_keys(row, record.line, packages, self._asked.prefix, self._asked.now)
        said = hash(repr(row)) & 0xFFFFFFFF
        return [each for each in found if self._is_first(each, said)]

    def _is_first(self, wanted: Wanted, said: int) -> bool:
        """Whether no row before stands for the same key. Raises `BadRow` where one does and says something else."""
        mark = hash(wanted.identity)
        before = self._seen.setdefault(mark, wanted.line << 32 | said)
        line = before >> 32
        if line == wanted.line:
            return True
        name = wanted.package.name
        if not wanted.code:
            raise BadRow(
                Fault("payment_ref", f"line {line} is the same without a code; give each row a payment_ref of its own")
            )
        if before & 0xFFFFFFFF != said:
            raise BadRow(
                Fault(
                    "code", f"line {line} has this code for the package “{name}” and says otherwise; keep one of them"
                )
            )
        self._note(wanted, "known", f"the same as line {line}")
        return False

    def _decide(self, ready: list[Wanted]) -> None:
        owner_id, ids = self._asked.owner_id, list(self._packages.by_id)
        codes = [each.code for each in ready if each.code]
        by_code = key_imports.known_by_code(self._session, owner_id, codes) if codes else {}
        by_ref = key_imports.known_by_ref(self._session, ids, [each.ref for each in ready if not each.code])
        masters = {code for (code, _), key in by_code.items() if key.is_master}
        known = [
            by_code.get((each.code, each.package.id or 0))
            if each.code
            else by_ref.get((each.ref, each.package.id or 0))
            for each in ready
        ]
        paid = [key.id or 0 for each, key in zip(ready, known, strict=True) if key is not None and each.subscription]
        bound = key_imports.bound_to(self._session, paid)
        for each, key in zip(ready, known, strict=True):
            lacking = self._lacks(each)
            if lacking:
                whose = "the owner; only the owner's people may" if each.package.repo_id is None else "the repo"
                fault = Fault("", f"your role does not allow {lacking} for what is of {whose}")
                self._refuse(each.line, fault, forbidden=True)
            elif each.code in masters:
                self._refuse(each.line, Fault("code", "is the code of a master key"))
            else:
                self._weigh(each, key, bound.get(key.id or 0) if key else None)
        self._session.expunge_all()

    def _lacks(self, wanted: Wanted) -> str:
        if not self._asked.allowed(wanted.package):
            return permissions.Action.KEYS_IMPORT
        sells = not wanted.subscription or self._asked.may_sell(wanted.package)
        return "" if sells else permissions.Action.PURCHASES_WRITE

    def _weigh(self, wanted: Wanted, known: LicenseKey | None, bound: Bound | None) -> None:
        extends = f" and {wanted.subscription} extends it" if wanted.subscription else ""
        if known is None:
            left_out = f"; left out: {wanted.left_out} addresses that are no sites" if wanted.left_out else ""
            self._note(wanted, "issue", f"a new key{extends}{left_out}")
            self._plan.wait(wanted, None)
        elif wanted.subscription and bound is None:
            self._note(wanted, "adopt", f"is there already{extends} from now on", known)
            self._plan.wait(wanted, known.id)
        elif wanted.subscription and bound != wanted.purchase:
            self._refuse(wanted.line, Fault("subscription", "is not the purchase that the key belongs to already"))
        else:
            self._note(wanted, "known", "is there already and stays as it is", known)

    def _note(self, wanted: Wanted, action: Action, sentence: str, known: LicenseKey | None = None) -> None:
        package, now = wanted.package, self._asked.now
        state = keys.state_of(known, package, now) if known else wanted.state(now)
        verdict = Verdict(
            wanted.line,
            action,
            sentence,
            package_id=package.id,
            package=package.name,
            key_id=known.id if known else None,
            state=state,
        )
        self._plan.note(verdict)
        self._asked.each(verdict)

    def _refuse(self, line: int, *faults: Fault, forbidden: bool = False) -> None:
        columns = ", ".join(fault.column for fault in faults if fault.column)
        sentences = "; ".join(f"{fault.column} {fault.sentence}".strip() for fault in faults)
        verdict = Verdict(line, "refused", sentences, columns, forbidden=forbidden)
        self._plan.note(verdict)
        self._asked.each(verdict)

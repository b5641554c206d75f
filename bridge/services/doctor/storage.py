"""Checks of what the bridge remembers: the database, the disk, the copies of release files."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from bridge.errors import DatabaseOutdatedError, UnavailableError
from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.storage import catalog, schema, stored_assets, vitals
from bridge.storage.dumps import sqlite_file

OLDEST = {"sqlite": (3, 37), "postgresql": (13,)}
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
FULL_BYTES, NEARLY_FULL_BYTES = 200_000_000, 1_000_000_000
FULL_SHARE, NEARLY_FULL_SHARE = 0.01, 0.05
_MOST_NAMED = 5
_CHUNK_BYTES = 1 << 20


def _schema(patient: Patient) -> Iterator[Seen]:
    file = sqlite_file(patient.settings.database.url)
    if file is not None and not file.is_file():
        yield seen("absent", file=file)
        return
    try:
        schema.require_current(patient.engine)
        patient_reads(patient)
    except UnavailableError as problem:
        yield seen("away", reason=problem)
    except DatabaseOutdatedError as problem:
        yield seen("outdated", reason=problem)
    else:
        yield seen("current", revision=schema.head())


def patient_reads(patient: Patient) -> None:
    """Read something, as everything else will. Raises ``UnavailableError``."""
    with patient.open_session(read_only=True) as session:
        catalog.repos_of(session, served_only=True)


def _program(patient: Patient) -> Iterator[Seen]:
    found = vitals.program(patient.engine)
    old = found.parts < OLDEST[found.kind]
    wanted = ".".join(map(str, OLDEST[found.kind]))
    yield seen("old" if old else "supported", name=_NAMES[found.kind], version=found.version, wanted=wanted)
    if found.kind == "postgresql" and not vitals.finds_parts_of_texts(patient.engine):
        yield seen("no_trigrams")


def _integrity(patient: Patient) -> Iterator[Seen]:
    if vitals.program(patient.engine).kind != "sqlite":
        yield seen("postgresql")
        return
    try:
        damage = vitals.damage(patient.engine, thoroughly=patient.wishes.deep)
    except UnavailableError as problem:
        damage = str(problem)
    yield seen("damaged", damage=damage.splitlines()[0]) if damage else seen("whole")


def _disk(patient: Patient) -> Iterator[Seen]:
    places = {patient.settings.bridge.data_dir}
    file = sqlite_file(patient.settings.database.url)
    if file is not None:
        places.add(file.parent)
    devices: set[int] = set()
    for place in sorted(places):
        there = _existing(place)
        if there.stat().st_dev in devices:
            continue
        devices.add(there.stat().st_dev)
        free, total = shutil.disk_usage(there).free, shutil.disk_usage(there).total
        yield seen(_room(free, total), place=there, free=_size(free), percent=round(100 * free / total))


def _existing(place: Path) -> Path:
    """The directory, or the nearest above it that is there already."""
    place = place.resolve()
    return next(each for each in (place, *place.parents) if each.exists())


def _room(free: int, total: int) -> str:
    """A small disk counts by its share, a large one by what is left on it."""
    if free < min(FULL_BYTES, FULL_SHARE * total):
        return "full"
    return "nearly_full" if free < min(NEARLY_FULL_BYTES, NEARLY_FULL_SHARE * total) else "enough"


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"  # noqa: PLR2004  a billion


def _files(patient: Patient) -> Iterator[Seen]:
    checked, wrong = 0, 0
    for product, row in patient.products():
        with patient.open_session(read_only=True) as session:
            assets = stored_assets.read_assets(session, row.id)
        for asset in assets:
            checked += 1
            code = _judge_file(patient, asset.sha256 or "", asset.size)
            if code:
                wrong += 1
            if code and wrong <= _MOST_NAMED:
                path = patient.store.path(asset.sha256 or "")
                yield seen(code, product.full_name, file=asset.name, path=path, repo=product.full_name)
    if wrong > _MOST_NAMED:
        yield seen("more", count=wrong - _MOST_NAMED)
    if not wrong:
        yield seen("whole" if patient.wishes.deep else "complete", count=checked)


def _judge_file(patient: Patient, sha256: str, size: int) -> str:
    path = patient.store.path(sha256)
    if not path.is_file():
        return "missing"
    if path.stat().st_size != size:
        return "wrong_size"
    if patient.wishes.deep and _digest(path) != sha256:
        return "wrong_bytes"
    return ""


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


_AGAIN = "Remove {path}, then run `bridge repo refresh {repo}`: it is fetched from Gitea again."

CHECKS = (
    Check(
        "database.schema",
        "Whether the database is there and has the schema that this version needs.",
        "Nothing starts on another one.",
        (
            ok("current", "The database is at {revision}, as this version needs it."),
            error("absent", "There is no database at {file}.", "Run `bridge db upgrade`, which makes it."),
            error(
                "away",
                "The database does not answer: {reason}.",
                "Start it, and compare database.url with its address, user and password.",
            ),
            error("outdated", "The schema does not fit: {reason}.", "Run `bridge db upgrade` with the newest version."),
        ),
        _schema,
    ),
    Check(
        "database.program",
        "The version of SQLite or PostgreSQL, and PostgreSQL's extension pg_trgm.",
        "Older versions lack what the schema uses.",
        (
            ok("supported", "{name} {version} is supported."),
            error("old", "{name} {version} is too old.", "Upgrade to {name} {wanted} or later."),
            warning(
                "no_trigrams",
                "PostgreSQL lacks its extension pg_trgm, so searching keys reads every one of them.",
                "Let its administrator run CREATE EXTENSION pg_trgm in the database, then run `bridge db upgrade`.",
            ),
        ),
        _program,
        ("database.schema",),
    ),
    Check(
        "database.integrity",
        "Whether SQLite's file is whole, by SQLite's own check; with `--deep` its indexes too. PostgreSQL looks after"
        " its files itself.",
        "A damaged file gets worse with every day that it is written to.",
        (
            ok("whole", "The database file is whole."),
            ok("postgresql", "PostgreSQL looks after its files itself."),
            error(
                "damaged",
                "The database file is damaged: {damage}.",
                "Stop `bridge serve`, look for the cause (disk, memory) and restore the last backup: `bridge restore`.",
            ),
        ),
        _integrity,
        ("database.schema",),
    ),
    Check(
        "disk.free",
        "How much room is left where `bridge.data_dir` and SQLite's file are.",
        "On a full disk no key is issued, no site comes in and no release is read.",
        (
            ok("enough", "{free} are free at {place} ({percent} %)."),
            warning(
                "nearly_full",
                "Only {free} are free at {place} ({percent} %).",
                "Make room, or lower limits.store_bytes_per_owner and retention.withdrawn_asset_days.",
            ),
            error(
                "full",
                "The disk of {place} is full: {free} are left.",
                "Make room at once; what was held back meanwhile is read again by itself.",
            ),
        ),
        _disk,
    ),
    Check(
        "store.files",
        "Whether every file on offer is in the store, with its size; with `--deep` also with its hash.",
        "What is missing is fetched from Gitea when somebody asks for it, who is told to wait.",
        (
            ok("complete", "All {count} files on offer are in the store."),
            ok("whole", "All {count} files on offer are in the store, with the right hashes."),
            error(
                "missing",
                "The store lacks {file}.",
                "Run `bridge repo refresh {repo}`: it is fetched from Gitea again.",
            ),
            error("wrong_size", "The store has {file} with a wrong size.", _AGAIN),
            error("wrong_bytes", "The store has {file} with wrong bytes.", _AGAIN),
            error(
                "more",
                "{count} more files are missing or wrong.",
                "Mend those above first; a lost disk is restored by `bridge repo refresh --owner …`.",
            ),
        ),
        _files,
        ("database.schema",),
    ),
)

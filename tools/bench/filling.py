"""Databases with many keys: copies of the scene's one key, each with a code of its own, written in bulk."""

import json
import random
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.rules.codes import CODE_ENTROPY_BYTES, TOKEN_ENTROPY_BYTES, new_code, new_feed_token
from bridge.storage import schema
from tools.bench.scene import FORM, Scene

KEY_PREFIX = "LIC"
# As many different keys as a run can use up; all of a million would only fill the load generator's memory.
MOST_CODES_IN_FILE = 200_000
_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with so many keys, and a file with codes of it, one a line, in random order."""

    count: int
    database: Path
    codes: Path


def fill(scene: Scene, count: int, directory: Path, *, fresh: bool, advance: Callable[[int], None]) -> Filled:
    """The database, from an earlier run where it still fits. ``advance`` is told how many keys are done."""
    filled = Filled(count, directory / f"keys-{count}.db", directory / f"keys-{count}.txt")
    noted = directory / f"keys-{count}.json"
    mark = {"form": FORM, "schema": schema.head(), "key_id": scene.key_id}
    if not fresh and noted.exists() and json.loads(noted.read_text(encoding="utf-8")) == mark:
        advance(count)
    else:
        noted.unlink(missing_ok=True)
        _write(scene, filled, advance)
        noted.write_text(json.dumps(mark), encoding="utf-8")
    _forget_usage(filled.database)
    _warm(filled.database)
    return filled


def _write(scene: Scene, filled: Filled, advance: Callable[[int], None]) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{filled.database}{suffix}").unlink(missing_ok=True)
    shutil.copyfile(scene.database, filled.database)
    connection = sqlite3.connect(filled.database, isolation_level=None)
    # Nothing here needs to survive a power cut, and the indexes of a million random codes need to fit in the cache.
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "locking_mode = EXCLUSIVE"):
        connection.execute(f"PRAGMA {pragma}")
    sample: list[str] = []
    connection.execute("BEGIN")
    for codes in batches(filled.count):
        copy_keys(connection, scene.key_id, codes)
        sample += codes
        advance(len(codes))
    connection.execute("COMMIT")
    connection.close()
    chosen = random.sample(sample, min(len(sample), MOST_CODES_IN_FILE))
    filled.codes.write_text("\n".join(chosen) + "\n", encoding="ascii")


def batches(count: int) -> Iterator[list[str]]:
    """So many new codes, some thousands at a time."""
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        yield [new_code(KEY_PREFIX, secrets.token_bytes(CODE_ENTROPY_BYTES)) for _ in range(size)]


def copy_keys(
    connection: sqlite3.Connection, template: int, codes: list[str], own: Sequence[Mapping[str, object]] = ()
) -> None:
    """Copy the key of this number once for each code. The caller commits.

    ``own``: what each has of its own, by column, all the same ones; without, all but their secrets are alike.
    """
    first = connection.execute("SELECT max(id) + 1 FROM license_key").fetchone()[0]
    own = own or [{"feed_token": new_feed_token(secrets.token_bytes(TOKEN_ENTROPY_BYTES))} for _ in codes]
    numbered = list(enumerate(codes, first))
    connection.executemany(
        _copying(connection, "license_key", template="id", changed=("id", *own[0])),
        ((number, *values.values(), template) for (number, _), values in zip(numbered, own, strict=True)),
    )
    connection.executemany(
        _copying(connection, "key_code", template="key_id", changed=("key_id", "code")),
        ((number, code, template) for number, code in numbered),
    )


def _copying(connection: sqlite3.Connection, table: str, *, template: str, changed: tuple[str, ...]) -> str:
    """A statement that copies a row with some columns changed; the others are as the product wrote them."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    kept = ", ".join(column for column in columns if column not in changed)
    marks = ", ".join("?" for _ in changed)
    return (
        f"INSERT INTO {table} ({', '.join(changed)}, {kept}) SELECT {marks}, {kept} FROM {table} WHERE {template} = ?"
    )


def _forget_usage(database: Path) -> None:
    """Every run begins with the same tables."""
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("DELETE FROM usage_day")
    connection.close()


def _warm(database: Path) -> None:
    """Read it through once: a server in service has its database in the system's file cache, a fresh one does not."""
    with database.open("rb") as file:
        while file.read(1024 * 1024):
            pass


def counted(database: Path) -> dict[tuple[str, str], int]:
    """What the bridge has counted in a database, by kind and decision code."""
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT kind, code, sum(count) FROM usage_day WHERE repo_id <> 0 GROUP BY kind, code"
    ).fetchall()
    connection.close()
    return {(kind, code): count for kind, code, count in rows}

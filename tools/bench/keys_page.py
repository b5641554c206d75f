"""How long a repo's page of keys takes with very many of them: as it is, searched, filtered and sorted, signed in.

The keys are all different: customers, mail addresses, domains, packages, ends and states, as a vendor's after years.
"""

import random
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from pydantic import SecretStr

from bridge.models import LicenseKey
from bridge.parts import Parts
from bridge.rules.codes import TOKEN_ENTROPY_BYTES, new_feed_token
from bridge.rules.variables import OwnerSettings
from bridge.services import packages, person_sessions
from bridge.services.packages import PackageInput, term_from_text
from bridge.services.sign_in import SignedIn
from bridge.settings import Settings
from bridge.settings.schema import BridgeSettings, GiteaSettings, OAuthSettings
from bridge.storage import catalog, schema
from bridge.storage.audits import Actor
from gitea_client.simulator import World, create_simulator, serve
from tools.bench import filling, processes
from tools.bench.beside import percentile
from tools.bench.measuring import UnsoundError
from tools.bench.scene import OWNER, PUBLIC_URL, SOLD, sell
from tools.ports import free_port

_PERSON = "olga"
_COOKIE = "__Host-licensing"
_CLIENT = ("licensing", "a secret of the bench")
_OAUTH = f'[oauth]\nclient_id = "{_CLIENT[0]}"\nclient_secret = "{_CLIENT[1]}"\n'
_FIRST = ("Anna", "Bela", "Carla", "Dora", "Emil", "Frida", "Gustav", "Hanna", "Ivan", "Jana", "Karl", "Lena", "Marek")
_LAST = ("Bauer", "Cerny", "Duval", "Eriksen", "Fischer", "Gruber", "Horvat", "Jansen", "Keller", "Lang", "Moreau")
# Every so many keys: one is revoked, one suspended; every so many have a domain of their own.
_REVOKED, _SUSPENDED, _ASSIGNED = 50, 200, 3
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class _Ask:
    """One way to look at the page, and what must stand there then."""

    query: dict[str, str]
    shown: str = '<th scope="row">'


@dataclass(frozen=True, slots=True)
class _Made:
    """The scene: the session's cookie, a key like all, and the packages."""

    cookie: str
    key_id: int
    package_ids: list[int]


def keys_page(
    directory: Path, many: int, rounds: int, say: Callable[[str], None], advance: Callable[[], None]
) -> float:
    """The 95th percentile of all answers in ms. ``say`` is told what took longest."""
    world = World()
    world.add_user("root", is_admin=True)
    world.add_user(_PERSON)
    world.add_org(OWNER, owner=_PERSON)
    world.add_repo(OWNER, SOLD, private=True)
    world.set_variable(OWNER, "LICENSING_PLATFORM", "joomla", repo=SOLD)
    token = world.add_token("root")
    with serve(create_simulator(world)) as gitea:
        made = _make(directory, world, gitea.base_url, token)
        codes = _fill(directory / "bridge.db", made, many, advance)
        port = free_port()
        config = directory / "web.toml"
        processes.write_config(
            config, home=directory, database=directory / "bridge.db", port=port, gitea=gitea.base_url, token=token,
            more=_OAUTH,
        )  # fmt: skip
        servers = {"web": processes.start("web", port, config, "web")}
        with processes.stopped_at_end(servers):
            processes.wait_for(servers["web"])
            took = _visit(port, made, codes, rounds)
    world.close()
    slowest = max(took, key=lambda name: percentile(took[name], 50))
    say(
        f"of a repo's {many:,} keys the list that took longest was {slowest}: {_ms(took[slowest]):.0f} ms at the median"
    )
    return percentile([seconds for times in took.values() for seconds in times], 95) * 1000


def _ms(seconds: list[float]) -> float:
    return percentile(seconds, 50) * 1000


def _make(directory: Path, world: World, gitea: str, token: str) -> _Made:
    settings = Settings(
        gitea=GiteaSettings(url=gitea, token=SecretStr(token), max_requests_per_second=1000),
        bridge=BridgeSettings(public_url=PUBLIC_URL, owners=[OWNER], data_dir=directory),
        oauth=OAuthSettings(client_id=_CLIENT[0], client_secret=SecretStr(_CLIENT[1])),
    )
    parts = Parts(settings)
    try:
        schema.upgrade(parts.engine)
        parts.catalog.refresh(world.repo(OWNER, SOLD).id)
        key_id = sell(parts)
        person = world.account(_PERSON)
        assert person is not None, "she was made"
        now = parts.clock()
        with parts.open_session() as session:
            owner = catalog.owner_by_name(session, OWNER)
            assert owner is not None, "its repo was refreshed"
            known = OwnerSettings.from_dict(owner.settings)
            ids = [session.get_one(LicenseKey, key_id).package_id]
            for name in ("Agency", "Trial"):
                wanted = PackageInput(name=name, term=term_from_text("annual"))
                ids.append(packages.create(session, owner.id, wanted, known, Actor("bench"), now).id or 0)
            who = SignedIn(person.id, _PERSON, "Olga", "", "")
            cookie = person_sessions.open_one(session, who, "", parts.entropy, now)
        return _Made(cookie, key_id, ids)
    finally:
        parts.close()


def _fill(database: Path, made: _Made, many: int, advance: Callable[[], None]) -> list[str]:
    """Write the keys; returns their codes."""
    dice, written, number = random.Random(many), [], 0
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("synchronous = OFF", "cache_size = -500000"):  # nothing here needs to survive a power cut
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    for codes in filling.batches(many):
        rows = [_key(made, dice, number + index) for index in range(len(codes))]
        filling.copy_keys(connection, made.key_id, codes, rows)
        first = connection.execute("SELECT max(id) FROM license_key").fetchone()[0] - len(codes) + 1
        domains = ((first + index, _domain(number + index)) for index in range(0, len(codes), _ASSIGNED))
        connection.executemany("INSERT INTO key_domain (key_id, pattern) VALUES (?, ?)", domains)
        written += codes
        number += len(codes)
        advance()
    connection.execute("COMMIT")
    connection.close()
    return written


def _key(made: _Made, dice: random.Random, number: int) -> dict[str, Any]:
    """What one key has of its own."""
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    began = datetime(2022, 1, 1) + timedelta(minutes=dice.randrange(4 * 365 * 1440))  # noqa: DTZ001  as SQLite keeps it
    return {
        "feed_token": new_feed_token(secrets.token_bytes(TOKEN_ENTROPY_BYTES)),
        "package_id": made.package_ids[number % len(made.package_ids)],
        "customer_id": None,
        "customer_name": f"{first} {last}",
        "customer_email": _mail(number, first),
        "note": f"Order {number}" if number % 7 == 0 else "",
        "starts_at": _stored(began),
        "created_at": _stored(began),
        "expires_at": _stored(began + timedelta(days=dice.choice((365, 730, 1825, 2400)))),
        "revoked_at": _stored(began) if number % _REVOKED == 1 else None,
        "suspended_at": _stored(began) if number % _SUSPENDED == 2 else None,
    }


def _stored(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def _mail(number: int, name: str = "") -> str:
    return f"{name.lower()}{number:06d}@shop-{number:06d}.example"


def _domain(number: int) -> str:
    return f"store-{number:06d}.example"


def _asks(made: _Made, codes: list[str], dice: random.Random) -> Iterator[tuple[str, _Ask]]:
    """All ways to look, each with a name."""
    number = dice.randrange(len(codes))
    assigned = number - number % _ASSIGNED
    yield "as it is", _Ask({})
    yield "the second page", _Ask({"page": "2"})
    for name, text in (
        ("mail", _mail(number)),
        ("domain", _domain(assigned)),
        ("a part of a key", codes[number][-11:]),
    ):
        shown = {"mail": text, "domain": text}.get(name, codes[number][-11:])
        yield f"searched by {name}", _Ask({"q": text}, shown)
    yield "searched by a customer's name", _Ask({"q": f"{dice.choice(_FIRST)} {dice.choice(_LAST)}"})
    yield "searched by a first name", _Ask({"q": dice.choice(_FIRST)})
    for state in ("active", "expiring", "expired", "suspended", "revoked"):
        yield f"only {state}", _Ask({"state": state})
    for sort in ("id", "expires_at", "-expires_at", "customer"):
        yield f"sorted by {sort}", _Ask({"sort": sort})
    yield "of one package", _Ask({"package": str(made.package_ids[1])})
    yield "expired, by customer", _Ask({"state": "expired", "sort": "customer"})
    yield "a first name, active, by end", _Ask({"q": dice.choice(_FIRST), "state": "active", "sort": "-expires_at"})
    yield (
        "of one package, expiring, by end",
        _Ask({"package": str(made.package_ids[2]), "state": "expiring", "sort": "expires_at"}),
    )


def _visit(port: int, made: _Made, codes: list[str], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way to look, round by round; a first one warms up both workers."""
    url, dice = f"http://127.0.0.1:{port}/{OWNER}/{SOLD}/licenses", random.Random(len(codes))
    took: dict[str, list[float]] = {}
    headers = {"Cookie": f"{_COOKIE}={made.cookie}"}
    for number in range(-1, rounds):
        for name, ask in _asks(made, codes, dice):
            address = f"{url}?{urlencode(ask.query)}"
            began = time.perf_counter()
            answer = requests.get(address, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
            seconds = time.perf_counter() - began
            if answer.status_code != 200 or ask.shown not in answer.text:
                raise UnsoundError(f"the list of keys, {name}: {answer.status_code}, and not what was to be seen")
            if number >= 0:
                took.setdefault(name, []).append(seconds)
    return took

"""The shop of the screenshots: what its sites did is what sites can do."""

from pathlib import Path

from sqlmodel import select
from support.bridges import install

from bridge.models import UsageDay
from bridge.rules.access import Code
from tools import busy_shop


def test_what_is_counted_has_codes_of_the_closed_list(sqlite_url: str, tmp_path: Path):
    made = install(sqlite_url, tmp_path)
    try:
        made.world.add_org("acme", owner="root")
        made.add_product("acme", "mod-weather", LICENSING_PLATFORM="joomla")
        made.refresh("acme", "mod-weather")
        with made.parts.open_session() as session:
            busy_shop._use(made.parts, session)
            codes = set(session.exec(select(UsageDay.code)))
    finally:
        made.close()
    assert {"valid", "expired", "missing"} == codes
    assert codes <= set(Code)

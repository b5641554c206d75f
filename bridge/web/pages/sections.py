"""What stands in the bar below the tabs: the parts of each level, in their order. A part shows to whom it may."""

from dataclasses import dataclass

from bridge.rules.permissions import Action
from bridge.web.pages.visits import Level, Visit


@dataclass(frozen=True, slots=True)
class Section:
    """One part: the path of its first page, its words, and the action that its pages need."""

    path: str
    words: str
    action: Action


SECTIONS: dict[Level, tuple[Section, ...]] = {
    "repo": (
        Section("", "Keys", Action.KEYS_READ),
        Section("packages", "Packages", Action.PACKAGES_READ),
        Section("addresses", "Feeds", Action.SETTINGS_READ),
        Section("numbers", "Numbers", Action.STATS_READ),
        Section("settings", "Settings", Action.SETTINGS_READ),
        Section("tokens", "Tokens", Action.TOKENS_READ),
        Section("audit", "Audit", Action.AUDIT_READ),
    ),
    "owner": (
        Section("", "Overview", Action.KEYS_READ),
        Section("keys", "Keys", Action.KEYS_READ),
        Section("packages", "Packages", Action.PACKAGES_READ),
        Section("customers", "Customers", Action.CUSTOMERS_READ),
        Section("numbers", "Numbers", Action.STATS_READ),
        Section("payments", "Payments", Action.PURCHASES_READ),
        Section("settings", "Settings", Action.SETTINGS_READ),
        Section("import", "Import", Action.KEYS_IMPORT),
        Section("tokens", "Tokens", Action.TOKENS_READ),
        Section("audit", "Audit", Action.AUDIT_READ),
    ),
    "site": (
        Section("", "Owners", Action.KEYS_DELETE),
        Section("queue", "Queue and worker", Action.KEYS_DELETE),
        Section("doctor", "Doctor", Action.KEYS_DELETE),
        Section("deletions", "Deletions", Action.KEYS_DELETE),
    ),
}


def shown(visit: Visit) -> list[tuple[str, str, str]]:
    """The parts that the visitor may see: (address, words, ``aria-current``, empty but for the one they are in)."""
    known = SECTIONS[visit.page.level]
    inside = [each for each in known if each.path and _is_inside(visit.here, each.path)]
    first = inside[0] if inside else next((each for each in known if not each.path), None)
    seen = [each for each in known if visit.place is None or visit.may_something(each.action)]
    return [
        (visit.to(each.path), each.words, ("page" if visit.here == each.path else "true") if each == first else "")
        for each in seen
    ]


def _is_inside(here: str, path: str) -> bool:
    return here == path or here.startswith(f"{path}/")

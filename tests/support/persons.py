"""Somebody about whom everything is known, and who wants to be forgotten."""

from support.offices import ACME, ACTOR, MODULE, NOW, Office

from bridge.services import erasing, key_edits, keys, sites
from bridge.services.sites import Newcomer
from bridge.storage import customers, usage
from bridge.storage.usage import Use

NAME, MAIL, HOST = "Zenobia Quxford", "Zenobia@Quxford-Mail.example", "zenobias-shop.example"
SECRETS = ("zenobia", "quxford", "secret note", "angry reason")


def erase(office: Office, mail: str = MAIL, *, domains: bool = False) -> erasing.Erased:
    """Forget whoever has this mail address."""
    with office.session() as session:
        customer = customers.by_mail(session, ACME, mail)
        return erasing.erase(session, customer, domains=domains, actor=ACTOR, now=office.now)


def describe(office: Office, key_id: int, **changes: object) -> None:
    """Change what a key says of its customer."""
    with office.changing(key_id) as (session, key):
        key_edits.describe(session, key, changes, "LIC", ACTOR, office.now)


def use(office: Office, key_id: int, host: str, count: int = 1, **more: str) -> None:
    """Count a check on a site."""
    with office.session() as session:
        usage.add(session, {Use(NOW.date(), MODULE, "feed", "valid", key_id, host, **more): count})


def arrive(office: Office, key_id: int, host: str) -> None:
    """Let a site take its place."""
    with office.session() as session:
        sites.arrive(session, Newcomer(key_id, host, 0, "free"), office.now, per_day=100)


def live(office: Office, key_id: int) -> int:
    """A key about which everything is known: history, sites, use, notes."""
    describe(office, key_id, note=f"secret note about {NAME}", labels=["vip", f"of {NAME}"], customer_name="Z.")
    describe(office, key_id, customer_name=NAME)
    arrive(office, key_id, HOST)
    arrive(office, key_id, f"old.{HOST}")
    use(office, key_id, HOST, 3)
    use(office, key_id, f"old.{HOST}", 4)
    use(office, key_id, "", 5)
    with office.changing(key_id) as (session, key):
        keys.assign(session, key, [HOST], ACTOR, office.now)
        sites.free(session, key, f"old.{HOST}", ACTOR, office.now)
    return key_id

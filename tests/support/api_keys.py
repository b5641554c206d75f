"""What tests of keys ask again and again."""

from support.api_world import REPO, Api

from bridge.models import Package
from bridge.storage import audits
from bridge.storage.licenses import live_master_key, master_package

KEYS = f"{REPO}/license-keys"


def ids(answer) -> list[int]:
    """The keys of a list, by number."""
    assert answer.status_code == 200, answer.text
    return [key["id"] for key in answer.get_json()]


def master_of(api: Api) -> int:
    """The number of acme's master key in force."""
    with api.made.parts.open_session() as session:
        owner_id = session.get(Package, api.packages["Standard"]).owner_id
        key = live_master_key(session, master_package(session, owner_id).id)
        return key.id


def trail(api: Api, key_id: int) -> list:
    """What was done to a key, by whom and from where, oldest first."""
    with api.made.parts.open_session(read_only=True) as session:
        return [(row.action, row.actor, row.origin) for row in audits.of_subject(session, f"key:{key_id}")]


def refused(answer, status: int, code: str) -> dict:
    """A refusal of the one shape; returns what is wrong by field."""
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert {"message", "code", "url"} <= set(body) <= {"message", "code", "url", "errors"}
    assert body["url"] == "https://git.example.com/-/licensing/openapi.json"
    return body.get("errors", {})


def links(answer) -> dict[str, str]:
    """Where the other pages are, by relation."""
    parts = [part.split("; ") for part in answer.headers.get("Link", "").split(",") if part]
    return {rel.removeprefix('rel="').rstrip('"'): address.strip("<>") for address, rel in parts}

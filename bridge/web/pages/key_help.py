"""What helps with a key: why it opens something or not, how its customer enters it, and what a domain is taken for."""

from collections.abc import Iterable
from typing import Any

from flask import Response, jsonify

from bridge.models import Owner
from bridge.rules.domains import normalize_pattern
from bridge.rules.hosts import InvalidDomain
from bridge.rules.permissions import Action
from bridge.rules.variables import OwnerSettings
from bridge.web.pages import key as keys
from bridge.web.pages import repo_home
from bridge.web.pages.forms import Form
from bridge.web.pages.visits import Page, Visit, at_each

_MOST_WORDS = 100


def why(visit: Visit) -> Response:
    """A domain and a stream in, the whole decision out."""
    found, _ = keys.read(visit)
    asked = {name: visit.query.get(name, "").strip() for name in ("domain", "stream", "edition")}
    with visit.reading() as session:
        _, product = repo_home.loaded(visit, session)
    explained: Any = None
    problem = ""
    if product.retired:
        problem = "The repository is not served, so nothing is decided here. Set its platform first."
    else:
        explained = visit.fill("explain_license_key", id=found.id, query=asked).payload
    streams = [("", "the newest that it opens"), *((each.name, each.name) for each in product.settings.streams)]
    editions = [("", "the plain one"), *((each, each) for each in product.settings.feed.editions)]
    form = Form({name: [text] for name, text in asked.items()})
    context = {"streams": streams, "editions": editions, "explained": explained, "problem": problem}
    return visit.show("key_why.html", key=found, form=form, **context)


def mail(visit: Visit) -> Response:
    """How the customer enters the key, ready to be copied into a mail."""
    found, _ = keys.read(visit)
    names: list[str] = []
    platform = "both"
    with visit.reading() as session:
        owner = session.get_one(Owner, visit.call.owner_id)
        seller = OwnerSettings.from_dict(owner.settings).seller if owner.settings else None
        if visit.page.level == "repo":
            _, product = repo_home.loaded(visit, session)
            names, platform = [product.name], product.settings.platform or "both"
    text = mail_text(found, names, platform, seller.support if seller else "")
    return visit.show("key_mail.html", key=found, text=text)


def mail_text(key: Any, names: Iterable[str], platform: str, support: str) -> str:
    """The mail, as plain text."""
    what = ", ".join(names) or key.package.name
    lines = [
        f"Hello{' ' + key.customer_name if key.customer_name else ''},",
        "",
        f"this is your license key for {what}:",
    ]
    lines += ["", f"    {key.code}", ""]
    lines.append(f"It works until {key.expires_at:%Y-%m-%d}." if key.expires_at else "It never expires.")
    if key.domains:
        lines.append(f"It is for {', '.join(key.domains)}.")
    if platform in {"joomla", "both"}:
        lines += ["", "Joomla: open System → Update → Update Sites, choose the extension, enter the key as"]
        lines += ["Download Key, save. Then System → Update → Extensions finds new versions."]
    if platform in {"dolibarr", "both"}:
        lines += ["", "Dolibarr: open Home → Setup → Modules, the settings of the module, and enter the key there."]
    if support:
        lines += ["", f"Questions? Write to {support}."]
    return "\n".join(lines) + "\n"


def check_domains(visit: Visit) -> Response:
    """What is taken of some domains, and what is refused and why: for the script, while one types."""
    words = visit.query.get("domains", "").replace(",", " ").replace(";", " ").split()
    return jsonify(words=[_checked(word) for word in dict.fromkeys(words[:_MOST_WORDS])])


def _checked(word: str) -> dict[str, Any]:
    try:
        taken = normalize_pattern(word)
    except InvalidDomain as error:
        return {"ok": False, "says": f"{word[:80]}: {error}"}
    return {"ok": True, "says": taken if taken == word else f"{word[:80]} is taken as {taken}"}


PAGES = (
    Page("repo_key_why", "keys/<id>/why", Action.KEYS_EXPLAIN, why),
    *at_each(
        ("repo", "owner"),
        Page("key_mail", "keys/<id>/mail", Action.KEYS_READ, mail),
        Page("domains_check", "domains/check", Action.KEYS_DOMAINS, check_domains),
    ),
)

"""Is a key good: asked by sites and shops with the key itself, and by its owner's people by its number."""

from dataclasses import replace

from bridge.rules import listing
from bridge.rules.access import Code, Decision, Wanted
from bridge.rules.keys import grace_until
from bridge.rules.permissions import Action
from bridge.rules.publication import Offer
from bridge.rules.strict_toml import is_web_address
from bridge.services import explain as explaining
from bridge.services.gate import Stated, Verdict
from bridge.services.products import Product
from bridge.storage import pages
from bridge.storage.usage import Use
from bridge.web import reading
from bridge.web.api import schemas as shown
from bridge.web.api.errors import invalid, not_found
from bridge.web.api.keys import find
from bridge.web.api.operations import Call, Operation, Reply
from bridge.web.counting import note

# Of these nothing is told but the code: whoever sends such a key may be trying keys.
_SILENT = {Code.MISSING, Code.MALFORMED, Code.UNKNOWN}
_NOWHERE = Verdict(Decision(False, Code.UNKNOWN, "no such key"))


def validate(call: Call) -> Reply:
    """By the key in the body."""
    asked: shown.Question = call.body
    product = _product(call, asked.repo)
    return _answer(call, product, Stated(key=asked.key or None, domain=asked.domain))


def validate_one(call: Call) -> Reply:
    """The same for one key: by its own code, or by its number for whom the table allows."""
    asked: shown.Question = call.body
    product = _product(call, asked.repo)
    if call.place is None:
        return _answer(call, product, Stated(key=asked.key or None, domain=asked.domain), only=call.id("id"))
    return _answer(call, product, _by_number(call, Action.KEYS_VALIDATE, asked.domain))


def explain(call: Call) -> Reply:
    """The whole decision about a key, step by step."""
    asked: shown.ExplainQuery = call.query
    product = _product(call, asked.repo)
    stated = _by_number(call, Action.KEYS_EXPLAIN, asked.domain or None)
    found = explaining.explain(call.doors.gate, product, stated, asked.stream, asked.edition)
    decision = found.verdict.decision
    return Reply(
        shown.Explanation(
            valid=decision.allowed,
            code=decision.code,
            detail=decision.detail,
            release=found.release,
            gets=found.gets,
            steps=[shown.Step(question=step.question, code=step.code, passed=step.passed) for step in found.steps],
        )
    )


def _product(call: Call, named: str) -> Product:
    """What the key shall be good for: the repo of the address or, at an owner, the one that is named."""
    place = call.place
    owner = place.owner_name if place is not None else call.names["owner"]
    product = call.doors.products.find(owner, _repo(call, named))
    # A name may lead to what another owner has by now.
    if product is None or product.retired or (place is not None and product.owner_id != place.owner_id):
        raise not_found()
    return product


def _repo(call: Call, named: str) -> str:
    at_repo = call.place.repo_name if call.place is not None else call.names.get("repo", "")
    if not (at_repo or named):
        raise invalid("repo", "names the repo that the key shall be good for, at an owner")
    if at_repo and named and named.lower() != call.names["repo"].lower():
        raise invalid("repo", "is another repo than that of the address; leave it out")
    return at_repo or named


def _by_number(call: Call, action: Action, domain: str | None) -> Stated:
    """Ask for exactly this key: a code may stand for several, a feed token never does."""
    with call.reading() as session:
        key, package = find(call, session)
        call.require(action, of_owner=package.repo_id is None)
        return Stated(feed_token=key.feed_token, domain=domain)


def _answer(call: Call, product: Product, stated: Stated, *, only: int | None = None) -> Reply:
    asked: shown.Question = call.body
    offer = _offer(product, asked)
    wanted = _wanted(offer, asked, call)
    gate = call.doors.gate
    verdict = gate.ask(product, stated, asked.edition, wanted, activate=False)
    if only is not None and verdict.key is not None and verdict.key.id != only:
        verdict = _NOWHERE
    elif asked.activate and verdict.decision.allowed:
        verdict = gate.ask(product, stated, asked.edition, wanted)
    code = verdict.decision.code
    if code in _SILENT:
        verdict = replace(verdict, key=None, package=None, host="", site_id=None)
        call.failures()
    _count(call, product, verdict, offer)
    return Reply(_told(call, product, verdict))


def _offer(product: Product, asked: shown.Question) -> Offer | None:
    """The release that is asked about: of the version, or the newest of the stream."""
    if not (asked.version or asked.stream):
        return None
    offers = [each for each in product.publication.offers if each.edition == asked.edition]
    if asked.version:
        return next((each for each in offers if asked.version in {each.version, each.release.tag}), None)
    fitting = [each for each in offers if each.stream.name == asked.stream and not each.withdrawn]
    return next(iter(listing.newest_first(fitting)), None)


def _wanted(offer: Offer | None, asked: shown.Question, call: Call) -> Wanted | None:
    if offer is not None:
        return Wanted(offer.stream.name, offer.release.first_seen_at, withdrawn=offer.withdrawn)
    # A stream may be asked about before it has a release.
    return Wanted(asked.stream, call.now) if asked.stream else None


def _told(call: Call, product: Product, verdict: Verdict) -> shown.Answer:
    decision, key, package = verdict.decision, verdict.key, verdict.package
    answer = shown.Answer(valid=decision.allowed, code=decision.code, detail=decision.detail)
    if key is None or package is None:
        return answer
    renewal = package.renewal_url or product.labels.owner_settings.seller.renewal_url
    with call.reading() as session:
        answer.sites_used = pages.counted_sites(session, key.id)
    answer.sites_allowed = package.max_sites if key.max_sites is None else key.max_sites
    answer.expires_at = key.facts.expires_at
    answer.grace_until = grace_until(key.facts, package.grace)
    answer.streams = None if package.streams is None else sorted(package.streams)
    answer.renewal_url = renewal if is_web_address(renewal) else ""
    return answer


def _count(call: Call, product: Product, verdict: Verdict, offer: Offer | None) -> None:
    note(reading.current(), product, "validate", verdict)
    use = Use(
        day=call.now.date(),
        repo_id=product.repo_id,
        kind="validate",
        code=verdict.decision.code,
        key_id=verdict.key.id if verdict.key else 0,
        site=verdict.host if verdict.decision.allowed else "",
        version=offer.version if offer else "",
    )
    call.doors.usage.count(use, verdict.site_id, call.now)


OPERATIONS = (
    Operation(
        name="validate_license_key",
        method="POST",
        path="license-keys/validate",
        action=Action.KEYS_VALIDATE_BY_CODE,
        view=validate,
        summary="Ask whether a key is good; needs no token",
        answer=shown.Answer,
        body=shown.Question,
        public=True,
    ),
    Operation(
        name="validate_license_key_by_id",
        method="POST",
        path="license-keys/{id}/validate",
        action=Action.KEYS_VALIDATE,
        view=validate_one,
        summary="Ask whether this key is good, with the key in the body or with a token",
        answer=shown.Answer,
        body=shown.Question,
        by_code=True,
    ),
    Operation(
        name="explain_license_key",
        method="GET",
        path="license-keys/{id}/explain",
        action=Action.KEYS_EXPLAIN,
        view=explain,
        summary="Show the whole decision about a key, step by step",
        answer=shown.Explanation,
        query=shown.ExplainQuery,
    ),
)

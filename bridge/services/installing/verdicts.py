"""What the token can do and what it can't, in sentences. Values in, values out."""

from dataclasses import dataclass
from typing import Literal

from bridge.services.installing.values import EVERYBODY, Answers, GiteaFacts, OwnerFacts, TokenFacts

NEWEST_KNOWN = (1, 27)
_NEEDED = ("repository", "organization", "user")
# What is lost without the right to change, category by category.
_WITHOUT_WRITING = {
    "repository": "write:repository: `bridge repo set` and the settings pages can't write a repo's variables,"
    " and no webhook of a repo can be made",
    "organization": "write:organization: the settings of organisations can't be written,"
    " and no webhook of an organisation can be made",
    "user": "write:user: the application for sign-in can't be made, so nobody can sign in to the bridge's pages",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was found. ``bad`` can't be lived with, ``warning`` can."""

    level: Literal["good", "warning", "bad"]
    sentence: str


def judge(facts: GiteaFacts, answers: Answers) -> list[Verdict]:
    """All that is to be said, in the order in which an operator asks."""
    return [*_version(facts), *_token(facts.token), *_owners(facts, answers)]


def _version(facts: GiteaFacts) -> list[Verdict]:
    raw = facts.version.raw
    if facts.version.parts[:2] > NEWEST_KNOWN:
        known = ".".join(map(str, NEWEST_KNOWN))
        sentence = f"Gitea {raw} is newer than what this bridge knows (up to {known}); look for a newer bridge as well"
        return [Verdict("warning", sentence)]
    return [Verdict("good", f"Gitea {raw} is supported")]


def _token(token: TokenFacts) -> list[Verdict]:
    missing = [f"read:{each}" for each in _NEEDED if each not in token.reads]
    if missing:
        held = [f"read:{each}" for each in sorted(token.reads)] or ["none of these"]
        sentence = (
            f"the token is not allowed to read what the bridge needs: it lacks {', '.join(missing)} (it has"
            f" {', '.join(held)}). Make a token with these scopes: {ALL_SCOPES}"
        )
        return [Verdict("bad", sentence)]
    if not token.sees_private:
        sentence = (
            "the token is for public things only, so private repos, where sold code usually is, don't exist for it."
            " Make one without the limit to public repositories"
        )
        return [Verdict("bad", sentence)]
    return [_person(token), *_writing(token)]


ALL_SCOPES = "write:repository, write:organization, write:user, write:admin"


def _person(token: TokenFacts) -> Verdict:
    if token.is_admin:
        return Verdict("good", f"the token is {token.login}'s, a site administrator: it reads every owner's settings")
    sentence = (
        f"the token is {token.login}'s, who is no site administrator: only what that account owns or administers can be"
        " served, and nobody's rights can be looked up in other organisations. A site administrator's token is better"
    )
    return Verdict("warning", sentence)


def _writing(token: TokenFacts) -> list[Verdict]:
    missing = [each for each in _NEEDED if each not in token.changes]
    if len(missing) == len(_NEEDED):
        sentence = (
            "the token may only read. The bridge can serve with it, but can't make its webhook (releases are then found"
            f" within ten minutes), nor sign-in, nor write settings. A token for all of it has the scopes {ALL_SCOPES}"
        )
        return [Verdict("warning", sentence)]
    verdicts = [Verdict("warning", f"the token lacks {_WITHOUT_WRITING[each]}") for each in missing]
    if token.is_admin and "admin" not in token.changes:
        sentence = (
            "the token lacks write:admin: not one webhook for all repos can be made, but one for each organisation"
        )
        verdicts.append(Verdict("warning", sentence))
    return verdicts or [Verdict("good", "the token may change what the bridge changes")]


def _owners(facts: GiteaFacts, answers: Answers) -> list[Verdict]:
    if EVERYBODY in answers.owners:
        sentence = "every owner is served: on a Gitea with open registration, anyone can offer products here"
        return [Verdict("warning", sentence)]
    if not answers.owners:
        return [Verdict("warning", "no owner is served yet: name some with --owner, or write them into bridge.owners")]
    return [_owner(owner) for owner in facts.owners]


def _owner(owner: OwnerFacts) -> Verdict:
    if owner.kind is None and owner.new_name:
        return Verdict("bad", f"{owner.name} is called {owner.new_name} now; serve that name")
    if owner.kind is None:
        return Verdict("bad", f"there is no {owner.name} in Gitea that the token sees; is the name spelt right?")
    if not owner.variables_readable:
        sentence = (
            f"the settings of {owner.name} can't be read: the account of the token must be in its Owners team, or a"
            " site administrator. Until then nothing of it is served"
        )
        return Verdict("warning", sentence)
    return Verdict("good", f"the settings of {owner.name} can be read")

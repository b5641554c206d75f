"""The mails there are: which blanks each may have, and what its words are before an owner writes others."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bridge.rules.letters import english, german
from bridge.rules.letters.templates import Template, parse
from bridge.rules.letters.words import Words
from bridge.rules.payments.messages import TO_CUSTOMER, Message

DEFAULT_LANGUAGE = "en"

# Each blank, with what fills it; the docs list them.
BLANKS: Mapping[str, str] = MappingProxyType(
    {
        "customer": "the customer's name",
        "seller": "the seller's name (LICENSING_SELLER)",
        "support": "the seller's support address (LICENSING_SELLER)",
        "package": "the names of the packages",
        "keys": "the license keys, each with its package and how long it works",
        "how_to_enter": "how a key is entered in Joomla and Dolibarr, as far as the package is for them",
        "page": "the address of the page that shows the keys for some time after a purchase",
        "my_page": "the address of the customer's own page; who has it is let in, so it ends after some time",
        "state": "what became of a key, in a sentence",
        "expires": "the day on which the key ends",
        "renewal_url": "where the license is renewed",
        "purchase": "what the payment provider calls the purchase",
        "email": "the customer's mail address",
        "what": "what a person should look at",
    }
)
_EVERYWHERE = frozenset({"seller", "support", "package", "purchase"})
_TO_CUSTOMER = _EVERYWHERE | {"customer", "my_page"}
_TO_SELLER = _EVERYWHERE | {"customer", "email"}
_ALSO: Mapping[Message, frozenset[str]] = MappingProxyType(
    {
        Message.KEYS: frozenset({"keys", "how_to_enter", "page", "renewal_url"}),
        Message.KEY_STATE: frozenset({"keys", "state", "renewal_url"}),
        Message.REMINDER: frozenset({"keys", "expires", "renewal_url"}),
        Message.PAYMENT_FAILED: frozenset({"renewal_url"}),
        Message.REVIEW: frozenset({"what"}),
        Message.DOUBLE_PAYMENT: frozenset({"what"}),
        Message.UNDELIVERED: frozenset({"what"}),
    }
)
_WORDS: Mapping[str, Words] = MappingProxyType({"en": english.WORDS, "de": german.WORDS})
_TEXTS: Mapping[str, Mapping[Message, str]] = MappingProxyType({"en": english.TEXTS, "de": german.TEXTS})


LANGUAGES = tuple(_TEXTS)


def blanks(kind: Message) -> frozenset[str]:
    """The names of the blanks that a mail of this kind may have."""
    return (_TO_CUSTOMER if kind in TO_CUSTOMER else _TO_SELLER) | _ALSO.get(kind, frozenset())


def usual(kind: Message, language: str) -> Template:
    """The words that a mail has by itself, in this language or in English."""
    texts = _TEXTS.get(_base(language), _TEXTS[DEFAULT_LANGUAGE])
    return parse(texts[kind], blanks(kind))


def words(language: str) -> Words:
    """What the program itself says inside of a mail, in this language or in English."""
    return _WORDS.get(_base(language), _WORDS[DEFAULT_LANGUAGE])


def chosen(language: str, own: Iterable[str]) -> str:
    """The language of a mail: of those an owner wrote (``own``) and those that are there, the nearest to the wanted."""
    there = {*own, *_TEXTS}
    return next((each for each in (language, _base(language)) if each in there), DEFAULT_LANGUAGE)


def _base(language: str) -> str:
    return language.partition("-")[0].lower()

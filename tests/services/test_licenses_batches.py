"""Keys for many sites at once: how many are asked for is known before any of them is read."""

import pytest
from support.databases import ONLY_SQLITE

from bridge.errors import InvalidInputError
from bridge.models import Package
from bridge.services import key_batches, key_inputs, keys
from bridge.services.key_inputs import KeyInput


def each(office, package, *domains):
    with office.session() as session:
        made = key_batches.issue_for_each(
            session, session.get_one(Package, package), KeyInput(), domains, office.issuer()
        )
        return [key.id for key in made]


@ONLY_SQLITE
def test_too_many_domains_are_refused_before_any_of_them_is_read(office):
    with pytest.raises(InvalidInputError, match="1000 domains at most") as caught:
        each(office, office.package(), *["not a domain!"] * (keys.MOST_AT_ONCE + 1))
    assert caught.value.field == "domains"
    with pytest.raises(InvalidInputError, match="1000 domains at most"):
        key_inputs.patterns(["not a domain!"] * (key_inputs.MOST_DOMAINS + 1))


@ONLY_SQLITE
def test_a_domain_that_stands_there_twice_is_named_however_it_is_written(office):
    package = office.package()
    with pytest.raises(InvalidInputError, match=r"one\.example stands there twice"):
        each(office, package, "one.example", "two.example", "HTTPS://One.Example/shop")
    assert len(each(office, package, "one.example", "two.example")) == 2

"""Answers to ``bridge init`` that can't be: each is refused with a sentence, and nothing is done."""

import pytest
from support.init_grounds import place, refused, run

__all__ = ["place", "run"]


@pytest.mark.parametrize(
    ("option", "value", "code", "told"),
    [
        ("gitea_url", "git.example.com", 2, "must be an address such as"),
        ("public_url", "http://licenses.example.com", 2, "is not https"),
        ("database", "mysql://b@db/bridge", 2, "sqlite:/// or postgresql://"),
        ("database", "postgresql://b:hunter2@db/bridge", 2, "--database-file"),
        ("bind", "8080", 6, "not of the right form"),
        ("owner", "nobody-here", 6, "there is no nobody-here in Gitea"),
        ("token_file", "/nowhere/token", 2, "write Gitea's token into that file"),
    ],
)
def test_answers_that_can_not_be(place, run, option, value, code, told):
    err = refused(place, run, place.words(**{option: value}), code, told)
    assert "hunter2" not in err


def test_an_owner_with_another_name_now(place, run):
    place.world.rename_account("acme", "acme-ext")
    refused(place, run, place.words(), 6, "acme is called acme-ext now")


def test_without_a_token_nothing_begins(place, run):
    refused(place, run, place.words(token_file=""), 2, "--token-file")

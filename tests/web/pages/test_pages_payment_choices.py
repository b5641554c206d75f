"""What a person may choose about a payment is a page where it is a command, with what the command says filled in."""

from types import SimpleNamespace

import pytest

from bridge.web.pages.payments import Choices

MAY = SimpleNamespace(may=lambda *_args, **_more: True, to=lambda path: f"/acme/-/licensing/{path}")
MAY_NOT = SimpleNamespace(may=lambda *_args, **_more: False, to=MAY.to)


@pytest.mark.parametrize(
    ("choice", "address", "words"),
    [
        ("bridge payments map acme/stripe PRICE PACKAGE", "stripe/map", "Map it to a package"),
        ("bridge payments map acme/stripe price_1 PACKAGE", "stripe/map?value=price_1", "Map it to a package"),
        ("bridge payments map acme/paypal WORD PACKAGE --price", "paypal/map", "Map it to a package"),
        ("bridge payments bind acme/stripe sub_1 KEY", "stripe/bind?ref=sub_1", "Bind a key"),
        ("bridge payments accept acme/paypal 5O1, if it is right", "paypal/accept?ref=5O1", "Issue keys for it"),
        ("bridge payments replay acme/stripe 12", "stripe/replay?events=12", "Read it again"),
    ],
)
def test_a_command_is_a_page(choice, address, words):
    assert Choices(MAY)(choice) == (f"/acme/-/licensing/payments/{address}", words)
    assert Choices(MAY_NOT)(choice) == ("", choice)


def test_everything_else_is_words():
    assert Choices(MAY)("refund it at the provider") == ("", "refund it at the provider")

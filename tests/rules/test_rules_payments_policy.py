"""What a seller decides about money, as words and as spans of time."""

from datetime import timedelta

import pytest

from bridge.rules.payments import policy
from bridge.rules.payments.policy import InvalidPolicy, Policy


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("grace_days", "0", 0),
        ("grace_days", "366", 366),
        ("leeway_hours", "72", 72),
        ("tolerance_s", "900", 900),
        ("partial_refund", "prorate", "prorate"),
        ("quantity_mode", "", ""),
        ("notify", "", ""),
        ("notify", "ann@example.com", "ann@example.com"),
    ],
)
def test_a_setting_is_taken(name, value, stored):
    assert policy.checked(name, value) == stored


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grace_days", "-1"),
        ("grace_days", "367"),
        ("grace_days", "²"),
        ("grace_days", "1" * 99),
        ("tolerance_s", "901"),
        ("partial_refund", ""),
        ("dispute_open", "revoke"),
        ("notify", "ann"),
        ("notify", "a@b\nBcc: c@d"),
        ("inquiry", "suspend"),
    ],
)
def test_what_can_not_be_is_refused_with_a_sentence(name, value):
    with pytest.raises(InvalidPolicy, match=name):
        policy.checked(name, value)


def test_every_setting_reaches_the_policy_and_the_rest_is_what_it_was():
    stated = {"grace_days": 1, "leeway_hours": 2, "tolerance_s": 3, "reveal_hours": 4, "quantity_mode": "keys"}
    stated |= {"partial_refund": "revoke", "dispute_open": "ignore", "cancel_now": "immediate", "unmapped": "review"}
    stated |= {"verify_mode": "both", "notify": "ann@example.com"}
    assert set(stated) == set(policy.SETTINGS)
    assert policy.from_settings("stripe", stated, test=True) == Policy(
        grace=timedelta(days=1),
        leeway=timedelta(hours=2),
        tolerance=timedelta(seconds=3),
        reveal=timedelta(hours=4),
        quantity_mode="keys",
        partial_refund="revoke",
        dispute_open="ignore",
        cancel_now="immediate",
        unmapped="review",
        verify_mode="both",
        notify="ann@example.com",
        test_accounts=True,
    )
    assert policy.from_settings("paypal", {"quantity_mode": ""}) == policy.default("paypal")

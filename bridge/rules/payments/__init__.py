"""Purchases, purely: facts about money that merge in any order, and what they make of the keys that were sold.

Every provider and the purchase calls of the API write the same facts (`facts`). Facts of one purchase are gathered
(`purchase.gathered`), and `outcome.outcome` says what each key is: nothing depends on the order of arrival, on
duplicates or on the clock. So a delivery may come late, twice or reversed, and a recompute from the facts alone gives
the same columns again.
"""

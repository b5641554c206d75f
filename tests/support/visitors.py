"""Addresses for requests that come from elsewhere: whoever tries many keys from one address is told to wait."""

import itertools

_NUMBERS = itertools.count(1)


def another_address() -> str:
    """A private address that was not used before in this process."""
    number = next(_NUMBERS)
    return f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"

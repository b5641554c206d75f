"""References of other programs: what a shop or a payment provider calls itself, its orders and its payments."""

import re

# Whatever may stand in an address as it is, without an escape that a proxy might read otherwise. Case counts.
REFERENCE = r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,254}"
SENTENCE = "must be 1 to 255 letters, digits and . _ : ~ - and begin with a letter or digit"
_REFERENCE = re.compile(REFERENCE, re.ASCII)


def is_reference(text: str) -> bool:
    """Whether it can name a purchase or what belongs to one."""
    return _REFERENCE.fullmatch(text) is not None

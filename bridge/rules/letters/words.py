"""What the program itself says inside of a mail, beside the words of its template."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Texts with a blank in braces are filled with ``str.format``, by this program alone."""

    until: str
    renews: str
    never: str
    on_trial: str
    joomla: str
    dolibarr: str
    held: Mapping[str, str]  # by reason, as in `rules.keys.HELD_BECAUSE`; "": no reason is known
    free_again: str
    date: str  # as `strftime` takes it

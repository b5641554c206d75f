"""What was typed into a form, and what is wrong with it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time

from bridge.web.api.errors import ApiError, invalid
from bridge.web.api.reading import MOST_ID

Typed = Sequence[tuple[str, str]]
# Of the calendar's last year, the next day may be in none.
_LAST_YEAR = 9998
HIDDEN = frozenset({"csrf_token", "once", "version"})


class Form:
    """Values by name, as text, and a sentence for each field that is wrong; ``problem`` is about none of them."""

    def __init__(self, values: Mapping[str, Iterable[str]], version: str = "") -> None:
        self._values = {name: list(each) for name, each in values.items()}
        self.version = version
        self.errors: dict[str, str] = {}
        self.problem = ""
        self.conflict = False

    def __getitem__(self, name: str) -> str:
        """The text of a field, trimmed; empty where there is none."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The text as it was typed."""
        return next(iter(self._values.get(name, ())), "")

    def names(self, beginning: str) -> list[str]:
        """The fields whose name begins so."""
        return [name for name in self._values if name.startswith(beginning)]

    def set(self, name: str, text: str) -> None:
        """What a field shows from now on."""
        self._values[name] = [text]

    def all(self, name: str) -> list[str]:
        """Everything that was chosen of a field."""
        return [each for each in self._values.get(name, ()) if each]

    def chosen(self, name: str) -> list[str]:
        """Everything that was chosen of a field whose empty value means something too."""
        return list(self._values.get(name, ()))

    def has(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.all(name))

    def words(self, name: str) -> list[str]:
        """A text of many items: one a line, or with commas, semicolons or spaces between."""
        text = self.raw(name)
        for sign in ",;\t\r\n":
            text = text.replace(sign, " ")
        return list(dict.fromkeys(text.split()))

    def lines(self, name: str) -> list[str]:
        """A text of many items that may hold spaces: one a line, or with commas between."""
        parts = self.raw(name).replace(",", "\n").splitlines()
        return list(dict.fromkeys(filter(None, (each.strip() for each in parts))))

    def number(self, name: str) -> int | None:
        """A whole number; ``None`` where nothing was typed. Raises ``ApiError``."""
        text = self[name]
        if not text:
            return None
        number = whole(text)
        if number is None:
            raise invalid(name, "write a whole number, such as 3")
        return number

    def day(self, name: str) -> datetime | None:
        """The first moment of a day (UTC); ``None`` where nothing was typed. Raises ``ApiError``."""
        text = self[name]
        if not text:
            return None
        try:
            found = datetime.combine(date.fromisoformat(text), time(), UTC)
        except ValueError:
            raise invalid(name, "write a day as year-month-day, such as 2027-03-31") from None
        if found.year > _LAST_YEAR:
            raise invalid(name, f"write a day of the year {_LAST_YEAR} at the latest")
        return found

    def refuse(self, error: ApiError, shown: Mapping[str, str]) -> None:
        """Take in what is wrong. ``shown``: fields of the operation, by the field of this form that they come from."""
        self.conflict = error.code == "precondition_failed"
        for field, sentence in error.errors.items():
            own = field.split(".")[0]
            self.errors.setdefault(shown.get(own, own), sentence)
        if not error.errors:
            self.problem = error.message


class OnlyLooking(Exception):  # noqa: N818  no error: the visitor wants to see first what would come of a form
    """Raised by what a form would do once that is done and seen; it is taken back (``Visit.attempt``)."""


def whole(text: str) -> int | None:
    """A whole number that the database can hold; ``None`` where the text is none. Other scripts' digits are none."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MOST_ID)) or int(text) > MOST_ID:
        return None
    return int(text)


def texts(value: object) -> Sequence[str]:
    """A first value as a form holds it. ``None`` and ``False`` are empty."""
    if value is None or value is False or value == "":
        return []
    if value is True:
        return ["1"]
    if isinstance(value, datetime):
        return [value.strftime("%Y-%m-%d")]
    if isinstance(value, list | tuple | set | frozenset):
        return [str(each) for each in value]
    return [str(value)]


def file_text(raw: bytes) -> str:
    """A file that was chosen, as text: by its mark, else UTF-8, else Western European."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")

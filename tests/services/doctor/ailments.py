"""What can be broken in a clinic: for each outcome of a check, how, and a piece of the advice that must come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from support.clinics import Clinic

CLOSED = "http://127.0.0.1:9"  # the port of "discard": nobody listens there


@dataclass(frozen=True)
class Ailment:
    """``breaks`` takes the clinic and pytest's monkeypatch. ``wishes`` are what the doctor is asked for besides."""

    check: str
    code: str
    advice: str
    breaks: Callable[[Clinic, Any], None]
    wishes: dict[str, Any] = field(default_factory=dict)
    database: str = "sqlite"

    @property
    def id(self) -> str:
        return f"{self.check} {self.code}"


def use_token(clinic: Clinic, login: str = "root", *scopes: str) -> None:
    """The bridge goes on with another token."""
    token = clinic.made.world.add_token(login, scopes=scopes or ("all",))
    clinic.made.settings.gitea.token = SecretStr(token)


def use_copy_of_settings(clinic: Clinic) -> Any:
    """What is changed from now on, the web workers don't know."""
    clinic.made.parts.settings = clinic.made.settings.model_copy(deep=True)
    return clinic.made.parts.settings

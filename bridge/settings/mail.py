"""The section ``[mail]``."""

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from bridge.settings.kinds import Days, Section, Words

_MOST_REMINDER_DAYS = 90
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


class MailSettings(Section):
    """Mails to customers and sellers, through somebody's SMTP server."""

    host: str = Field(default="", pattern=r"^[\w.:-]*$", max_length=255)
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = Field(default="", max_length=320)
    password: SecretStr = SecretStr("")
    sender: str = Field(default="", max_length=320)
    bounces_to: str = Field(default="", max_length=320)
    sender_domains: Words = Field(default_factory=list)
    timeout_seconds: float = Field(default=20.0, gt=0, le=120)
    mails_per_owner_and_day: int = Field(default=2000, ge=1)
    reminder_days: Days = Field(default_factory=lambda: [30, 7, 1])

    @field_validator("sender", "bounces_to")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and _ADDRESS.fullmatch(value) is None:
            raise ValueError("must be a bare mail address such as keys@example.com")
        return value

    @field_validator("reminder_days")
    @classmethod
    def _falling(cls, value: list[int]) -> list[int]:
        if not all(1 <= each <= _MOST_REMINDER_DAYS for each in value) or sorted(set(value), reverse=True) != value:
            raise ValueError(f"must be falling numbers of days before the end, from {_MOST_REMINDER_DAYS} to 1")
        return value

    @property
    def is_on(self) -> bool:
        """Whether anything is mailed."""
        return bool(self.host)

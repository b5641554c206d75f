"""What can be configured, with bounds and defaults. ``config.example.toml`` shows the same; a test keeps them equal."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from bridge.settings.kinds import Seconds, Secrets, Section, Words
from bridge.settings.mail import MailSettings

_HIGHEST_PORT = 65_535
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}  # the same that feeds/ accepts without https
_LONGEST_STEP_SECONDS = 86_400
_MOST_DAYS = 36_500
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104  names of all addresses, and this machine's own
HOOK_PATH = "/-/licensing/hooks/gitea"
CALLBACK_PATH = "/-/licensing/oauth/callback"


def http_url(value: str) -> str:
    """The address without its last slash. Raises ``ValueError`` that says what one looks like."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or any(sign in value for sign in "?# ") or not value.isprintable():
        raise ValueError("must be an address such as https://git.example.com, without a user, query or fragment")
    return value.rstrip("/")


def _port(value: str) -> str:
    if value and not 0 <= int(value.rpartition(":")[2]) <= _HIGHEST_PORT:
        raise ValueError(f"the port must be a number from 0 to {_HIGHEST_PORT}")
    return value


HttpUrl = Annotated[str, BeforeValidator(lambda value: http_url(value) if isinstance(value, str) and value else value)]
Address = Annotated[str, AfterValidator(_port)]


class GiteaSettings(Section):
    """How the bridge reaches Gitea, and how Gitea proves its deliveries."""

    url: HttpUrl = "http://127.0.0.1:3000"
    public_url: HttpUrl = ""
    token: SecretStr = SecretStr("")
    webhook_secrets: Secrets = Field(default_factory=list)
    hook_url: HttpUrl = ""
    custom_dir: str = Field(default="", pattern=r"^(/.*)?$")
    max_requests_per_second: float = Field(default=5.0, gt=0, le=1000)
    timeout_seconds: float = Field(default=10.0, gt=0, le=120)


class BridgeSettings(Section):
    """What is served, and under which name."""

    public_url: HttpUrl = ""
    owners: Words = Field(default_factory=list)
    key_prefix: str = Field(default="LIC", pattern=r"^[A-Z][A-Z0-9]{1,7}$")
    data_dir: Path = Path("var")
    allow_test_keys: bool = False


class OAuthSettings(Section):
    """As what the bridge is known to Gitea when people sign in."""

    client_id: str = Field(default="", max_length=200)
    client_secret: SecretStr = SecretStr("")


class DatabaseSettings(Section):
    """Where licenses are remembered."""

    url: str = Field(default="", repr=False)  # may hold a password

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value


class StoreSettings(Section):
    """Where copies of release files are kept."""

    directory: Path = Path()
    bucket: str = ""
    prefix: str = ""
    endpoint_url: HttpUrl = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: SecretStr = SecretStr("")


class WebSettings(Section):
    """The HTTP side."""

    bind: Address = Field(default="127.0.0.1:8080", pattern=r"^(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$")
    workers: int = Field(default=3, ge=1, le=256)
    downloads: Literal["direct", "x-accel"] = "direct"
    accel_prefix: str = Field(default="/-/licensing/store", pattern=r"^/[\w./-]*[\w-]$")
    remembered_keys: int = Field(default=10_000, ge=0, le=10_000_000)
    remembered_seconds: int = Field(default=86_400, ge=0)
    customer_link_days: int = Field(default=30, ge=1, le=365)
    trusted_proxies: int = Field(default=1, ge=0, le=10)
    metrics_bind: Address = Field(default="", pattern=r"^((\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5})?$")
    metrics_token: SecretStr = SecretStr("")


class WorkerSettings(Section):
    """The background loop."""

    threads: int = Field(default=2, ge=1, le=32)
    reconcile_seconds: int = Field(default=600, ge=1)
    settings_seconds: int = Field(default=60, ge=1)
    refresh_steps_seconds: Seconds = Field(default_factory=lambda: [0.0, 15.0, 60.0, 300.0], min_length=1)

    @field_validator("refresh_steps_seconds")
    @classmethod
    def _rising(cls, value: list[float]) -> list[float]:
        if not all(0 <= step <= _LONGEST_STEP_SECONDS for step in value) or sorted(set(value)) != value:
            raise ValueError(f"must be rising numbers of seconds after a hook, from 0 to {_LONGEST_STEP_SECONDS}")
        return value


class LimitSettings(Section):
    """What one owner may use up."""

    store_bytes_per_owner: int = Field(default=20_000_000_000, ge=0)
    asset_bytes: int = Field(default=2_147_483_648, gt=0)
    new_sites_per_key_and_day: int = Field(default=100, ge=1)
    keys_per_owner_and_day: int = Field(default=10_000, ge=1)
    downloads_per_key_and_minute: int = Field(default=600, ge=1)
    shared_url: str = Field(default="", repr=False)  # may hold a password

    @field_validator("shared_url")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "valkey://", "valkeys://")):
            raise ValueError("must begin with redis:// or valkey://, or with rediss:// or valkeys:// for TLS")
        return value


class PaymentSettings(Section):
    """Selling through payment providers."""

    key_file: str = ""
    stripe_url: HttpUrl = ""
    paypal_url: HttpUrl = ""


class RetentionSettings(Section):
    """How long is remembered what is about somebody, or about nothing any more. Days."""

    withdrawn_asset_days: int = Field(default=30, ge=1, le=_MOST_DAYS)
    usage_site_days: int = Field(default=400, ge=1, le=_MOST_DAYS)
    ip_address_days: int = Field(default=7, ge=1, le=_MOST_DAYS)
    payment_payload_days: int = Field(default=90, ge=1, le=_MOST_DAYS)
    payment_event_days: int = Field(default=400, ge=40, le=_MOST_DAYS)


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    requests: Literal["all", "slow", "none"] = "slow"
    slow_seconds: float = Field(default=1.0, gt=0, le=3600)


class Settings(Section):
    """Everything that can be configured. Built by ``load``; tests build it directly."""

    gitea: GiteaSettings = Field(default_factory=GiteaSettings)
    bridge: BridgeSettings = Field(default_factory=BridgeSettings)
    oauth: OAuthSettings = Field(default_factory=OAuthSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    payments: PaymentSettings = Field(default_factory=PaymentSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @model_validator(mode="after")
    def _fill_in(self) -> "Settings":
        self.gitea.public_url = self.gitea.public_url or self.gitea.url
        self.bridge.public_url = self.bridge.public_url or self.gitea.public_url
        self.database.url = self.database.url or f"sqlite:///{self.bridge.data_dir / 'bridge.db'}"
        public = urlsplit(self.bridge.public_url)
        if public.scheme != "https" and public.hostname not in _LOOPBACK:
            raise ValueError(
                f"bridge.public_url: {self.bridge.public_url} is not https: the links in the feeds carry license keys,"
                " so only this machine's own addresses may do without; a valid line is:"
                ' public_url = "https://git.example.com"'
            )
        if "*" in self.bridge.owners and len(self.bridge.owners) > 1:
            raise ValueError('bridge.owners: "*" already means every owner; write either owners = ["*"] or names')
        if any(not secret.get_secret_value() for secret in self.gitea.webhook_secrets):
            raise ValueError(
                "gitea.webhook_secrets: an empty secret would accept forged deliveries; a valid line is:"
                ' webhook_secrets = ["a long random text"]'
            )
        if self.mail.password.get_secret_value() and self.mail.security == "none" and self.mail.host not in _LOOPBACK:
            raise ValueError(
                "mail.security: the password would go through the net for everybody to read; a valid line is:"
                ' security = "starttls"'
            )
        return self

    @property
    def store_dir(self) -> Path:
        """Where asset bytes are kept."""
        return self.bridge.data_dir / "store" if self.store.directory == Path() else self.store.directory

    @property
    def payment_key_file(self) -> Path:
        """What opens the secrets of payment accounts."""
        return Path(self.payments.key_file) if self.payments.key_file else self.bridge.data_dir / "payments.key"

    @property
    def mail_sender(self) -> str:
        """The address that mails come from."""
        return self.mail.sender or f"licenses@{urlsplit(self.bridge.public_url).hostname or 'localhost'}"

    @property
    def hook_address(self) -> str:
        """Where Gitea sends its webhooks."""
        return hook_address(self.gitea.hook_url, self.web.bind)

    @property
    def oauth_callback(self) -> str:
        """Where Gitea sends people back to after they signed in."""
        return self.bridge.public_url + CALLBACK_PATH

    def serves(self, owner: str) -> bool:
        """Whether the owner's repos may be products."""
        return "*" in self.bridge.owners or owner.casefold() in {name.casefold() for name in self.bridge.owners}


def hook_address(hook_url: str, bind: str) -> str:
    """The address for Gitea's webhooks: below ``hook_url``, or else straight at ``bind``, on this machine."""
    host, _, port = bind.rpartition(":")
    return (hook_url or f"http://{_EVERYWHERE.get(host, host)}:{port}") + HOOK_PATH

"""Where the configuration comes from, and the sentence that each fault is told in."""

import logging
from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings import load
from bridge.settings.faults import known_keys
from bridge.settings.logs import set_up_logging

SECRET = "hunter2-must-never-show"
# A value other than the default for every key: as TOML has it, as a variable has it, as it is held.
OTHER = {
    "gitea.url": ("https://gitea.example.com", "https://gitea.example.com", "https://gitea.example.com"),
    "gitea.public_url": ("https://g.example.com", "https://g.example.com", "https://g.example.com"),
    "gitea.token": (SECRET, SECRET, SECRET),
    "gitea.webhook_secrets": ([SECRET, "b"], f"{SECRET}, b", [SECRET, "b"]),
    "gitea.hook_url": ("http://bridge:8080/", "http://bridge:8080/", "http://bridge:8080"),
    "gitea.custom_dir": ("/srv/gitea/custom", "/srv/gitea/custom", "/srv/gitea/custom"),
    "gitea.max_requests_per_second": (2.5, "2.5", 2.5),
    "gitea.timeout_seconds": (3, "3", 3.0),
    "bridge.public_url": ("https://git.example.com/", "https://git.example.com/", "https://git.example.com"),
    "bridge.owners": (["acme", "beta"], "acme, beta", ["acme", "beta"]),
    "bridge.key_prefix": ("ACME", "ACME", "ACME"),
    "bridge.data_dir": ("/srv/bridge", "/srv/bridge", Path("/srv/bridge")),
    "bridge.allow_test_keys": (True, "true", True),
    "oauth.client_id": ("an-id", "an-id", "an-id"),
    "oauth.client_secret": (SECRET, SECRET, SECRET),
    "database.url": ("postgresql://b@db/bridge", "postgresql://b@db/bridge", "postgresql://b@db/bridge"),
    "store.directory": ("/srv/store", "/srv/store", Path("/srv/store")),
    "store.bucket": ("files", "files", "files"),
    "store.prefix": ("bridge/", "bridge/", "bridge/"),
    "store.endpoint_url": ("https://s3.example.com", "https://s3.example.com", "https://s3.example.com"),
    "store.region": ("eu-1", "eu-1", "eu-1"),
    "store.access_key_id": ("AK1", "AK1", "AK1"),
    "store.secret_access_key": (SECRET, SECRET, SECRET),
    "web.bind": ("[::]:80", "[::]:80", "[::]:80"),
    "web.workers": (8, "8", 8),
    "web.downloads": ("x-accel", "x-accel", "x-accel"),
    "web.accel_prefix": ("/inner/store", "/inner/store", "/inner/store"),
    "web.remembered_keys": (5, "5", 5),
    "web.remembered_seconds": (60, "60", 60),
    "web.customer_link_days": (7, "7", 7),
    "web.trusted_proxies": (2, "2", 2),
    "web.metrics_bind": ("127.0.0.1:9090", "127.0.0.1:9090", "127.0.0.1:9090"),
    "web.metrics_token": (SECRET, SECRET, SECRET),
    "worker.threads": (4, "4", 4),
    "worker.reconcile_seconds": (60, "60", 60),
    "worker.settings_seconds": (30, "30", 30),
    "worker.refresh_steps_seconds": ([0, 5], "0, 5", [0.0, 5.0]),
    "limits.store_bytes_per_owner": (1, "1", 1),
    "limits.asset_bytes": (1, "1", 1),
    "limits.new_sites_per_key_and_day": (1, "1", 1),
    "limits.keys_per_owner_and_day": (1, "1", 1),
    "limits.downloads_per_key_and_minute": (1, "1", 1),
    "limits.shared_url": ("redis://:s@kv/0", "redis://:s@kv/0", "redis://:s@kv/0"),
    "payments.key_file": ("/etc/bridge/key", "/etc/bridge/key", "/etc/bridge/key"),
    "payments.stripe_url": ("http://127.0.0.1:12111/", "http://127.0.0.1:12111/", "http://127.0.0.1:12111"),
    "payments.paypal_url": ("http://127.0.0.1:12112/", "http://127.0.0.1:12112/", "http://127.0.0.1:12112"),
    "mail.host": ("mail.example.com", "mail.example.com", "mail.example.com"),
    "mail.port": (25, "25", 25),
    "mail.security": ("tls", "tls", "tls"),
    "mail.user": ("bridge", "bridge", "bridge"),
    "mail.password": (SECRET, SECRET, SECRET),
    "mail.sender": ("keys@example.com", "keys@example.com", "keys@example.com"),
    "mail.bounces_to": ("bounces@example.com", "bounces@example.com", "bounces@example.com"),
    "mail.sender_domains": (["acme.example"], "acme.example", ["acme.example"]),
    "mail.timeout_seconds": (3, "3", 3.0),
    "mail.mails_per_owner_and_day": (5, "5", 5),
    "mail.reminder_days": ([14, 1], "14, 1", [14, 1]),
    "retention.withdrawn_asset_days": (7, "7", 7),
    "retention.usage_site_days": (90, "90", 90),
    "retention.ip_address_days": (1, "1", 1),
    "retention.payment_payload_days": (30, "30", 30),
    "retention.payment_event_days": (90, "90", 90),
    "log.level": ("debug", "debug", "debug"),
    "log.format": ("json", "json", "json"),
    "log.requests": ("none", "none", "none"),
    "log.slow_seconds": (0.5, "0.5", 0.5),
}


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    return (
        str(value)
        if isinstance(value, int | float)
        else str(value).replace("'", '"')
        if isinstance(value, list)
        else f'"{value}"'
    )


def held(settings, key):
    section, _, name = key.partition(".")
    value = getattr(getattr(settings, section), name)
    plain = (
        [getattr(each, "get_secret_value", lambda each=each: each)() for each in value]
        if isinstance(value, list)
        else value
    )
    return plain.get_secret_value() if hasattr(plain, "get_secret_value") else plain


def test_every_key_is_tried_here():
    assert set(OTHER) == set(known_keys())


@pytest.mark.parametrize("key", OTHER)
def test_a_key_is_read_from_the_file(config, key):
    section, _, name = key.partition(".")
    assert held(load(config(f"[{section}]\n{name} = {toml(OTHER[key][0])}\n")), key) == OTHER[key][2]


@pytest.mark.parametrize("key", OTHER)
def test_a_variable_goes_before_the_file(config, monkeypatch, key):
    section, _, name = key.partition(".")
    default = known_keys()[key]
    default = default.get_secret_value() if hasattr(default, "get_secret_value") else default
    file = config(f"[{section}]\n{name} = {toml(default if not isinstance(default, Path) else str(default))}\n")
    monkeypatch.setenv(f"BRIDGE_{section.upper()}_{name.upper()}", OTHER[key][1])
    assert held(load(file), key) == OTHER[key][2]


def test_a_variable_of_a_section_leaves_the_rest_of_the_files_section(config, monkeypatch):
    monkeypatch.setenv("BRIDGE_WEB_WORKERS", "7")
    web = load(config('[web]\nworkers = 2\nbind = "127.0.0.1:1234"\n')).web
    assert (web.workers, web.bind) == (7, "127.0.0.1:1234")


@pytest.mark.parametrize(
    "key", ["gitea.token", "gitea.webhook_secrets", "database.url", "web.metrics_token", "mail.password"]
)
def test_a_secret_is_read_from_a_file_beside_the_configuration(config, tmp_path, key):
    section, _, name = key.partition(".")
    value = "postgresql://b@db/x" if key == "database.url" else SECRET
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "it").write_text(f"{value}\n")
    settings = load(config(f'[{section}]\n{name}_file = "secrets/it"\n'))
    assert held(settings, key) == ([SECRET] if name == "webhook_secrets" else value)


def test_several_webhook_secrets_stand_one_a_line_in_their_file(config, tmp_path):
    (tmp_path / "hooks").write_text("new\nold\n")
    assert held(load(config('[gitea]\nwebhook_secrets_file = "hooks"\n')), "gitea.webhook_secrets") == ["new", "old"]


def test_a_secret_file_is_named_by_a_variable_too(config, tmp_path, monkeypatch):
    (tmp_path / "token").write_text(SECRET)
    monkeypatch.setenv("BRIDGE_GITEA_TOKEN_FILE", str(tmp_path / "token"))
    assert held(load(config('[gitea]\ntoken = "other"\n')), "gitea.token") == SECRET


def test_the_file_is_named_by_a_variable_or_stands_in_the_directory(config, tmp_path, monkeypatch):
    assert load().web.workers == 3
    config("[web]\nworkers = 4\n")
    assert load().web.workers == 4
    (tmp_path / "other.toml").write_text("[web]\nworkers = 5\n")
    monkeypatch.setenv("BRIDGE_CONFIG", str(tmp_path / "other.toml"))
    assert load().web.workers == 5


def test_addresses_fall_back_on_each_other(config, tmp_path):
    settings = load(config('[gitea]\nurl = "https://git.example.com"\n'))
    assert (settings.gitea.public_url, settings.bridge.public_url) == ("https://git.example.com",) * 2
    assert settings.database.url == "sqlite:///var/bridge.db"
    assert settings.store_dir == Path("var/store")


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:80"])
def test_plain_http_is_good_enough_on_this_machine(config, host):
    assert load(config(f'[bridge]\npublic_url = "http://{host}"\n')).bridge.public_url == f"http://{host}"


@pytest.mark.parametrize("url", ["http://git.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1"])
def test_plain_http_is_refused_elsewhere_also_where_it_is_only_inherited(config, url):
    with pytest.raises(SettingsError, match=r"bridge\.public_url: .* is not https"):
        load(config(f'[gitea]\nurl = "{url}"\n'))
    assert load(config(f'[gitea]\nurl = "{url}"\n[bridge]\npublic_url = "https://x.example"\n')).gitea.url == url


def test_no_secret_shows_in_what_is_printed_or_logged(config, capsys):
    settings = load(
        config(
            f'[gitea]\ntoken = "{SECRET}"\nwebhook_secrets = ["{SECRET}"]\n[web]\nmetrics_token = "{SECRET}"\n'
            f'[database]\nurl = "postgresql://b:{SECRET}@db/bridge"\n'
        )
    )
    set_up_logging(settings.log)
    logging.getLogger("test").info("settings: %s %r", settings, settings)
    logging.getLogger().handlers.clear()
    printed = f"{settings} {settings!r} {settings.gitea} {settings.database!r} {settings.web} {capsys.readouterr().err}"
    assert "settings: " in printed
    assert SECRET not in printed


@pytest.mark.parametrize(
    "text",
    [
        f'[gitea]\ntoken = ["{SECRET}"]',
        f'[gitea]\nwebhook_secrets = [["{SECRET}"]]',
        f'[gitea]\nwebhook_secrets = ["{SECRET}", ""]',
        f'[gitea]\ntokn = "{SECRET}"',
        f'[gitea]\nurl = "http://user:{SECRET}@x.example"',
        f'[database]\nurl = "mysql://b:{SECRET}@db/bridge"',
        f'[bridge]\nkey_prefix = "{SECRET}"',
        f'[web]\nworkers = "{SECRET}"',
    ],
)
def test_no_fault_repeats_a_value_that_may_be_a_secret(config, text):
    with pytest.raises(SettingsError) as caught:
        load(config(text))
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__

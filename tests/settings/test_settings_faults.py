"""The sentence that each fault of a configuration is told in: place, key, what was wrong, a valid line."""

import pytest

from bridge.errors import SettingsError
from bridge.settings import load

# What is written, and the words that the message must hold: the key, what was wrong, a valid line.
FAULTS = [
    ("gitea.url", '"http://user:pw@x.example"', "must be an address", 'url = "http://127.0.0.1:3000"'),
    ("gitea.url", '"http://x:99999"', "must be an address", 'url = "http://127.0.0.1:3000"'),
    ("gitea.url", '"http://[x"', "must be an address", 'url = "http://127.0.0.1:3000"'),
    ("gitea.url", '"ftp://x.example"', "must be an address", 'url = "http://127.0.0.1:3000"'),
    ("gitea.url", '"http://x.example/?a=1"', "must be an address", 'url = "http://127.0.0.1:3000"'),
    ("gitea.url", "5", "valid string", 'url = "http://127.0.0.1:3000"'),
    ("gitea.token", "5", "valid string", 'token = "0123456789abcdef'),
    ("gitea.webhook_secrets", '["", "a"]', "forged deliveries", 'webhook_secrets = ["a long random text"]'),
    ("gitea.max_requests_per_second", "0", "greater than 0", "max_requests_per_second = 5.0"),
    ("gitea.max_requests_per_second", "nan", "", "max_requests_per_second = 5.0"),
    ("gitea.timeout_seconds", "121", "less than or equal to 120", "timeout_seconds = 10.0"),
    ("bridge.public_url", '"http://updates.example.com"', "not https", 'public_url = "https://git.example.com"'),
    ("bridge.owners", '["*", "acme"]', "already means every owner", 'owners = ["*"]'),
    ("bridge.owners", "[1]", "valid string", 'owners = ["acme"]'),
    ("bridge.key_prefix", '"lic"', "not of the right form", 'key_prefix = "ACME"'),
    ("bridge.key_prefix", '"ABCDEFGHI"', "not of the right form", 'key_prefix = "ACME"'),
    ("bridge.allow_test_keys", '"perhaps"', "valid boolean", "allow_test_keys = false"),
    ("database.url", '"mysql://b@db/bridge"', "sqlite:/// or postgresql://", 'url = "postgresql://bridge@'),
    ("web.bind", '"8080"', "not of the right form", 'bind = "127.0.0.1:8080"'),
    ("web.bind", '"127.0.0.1:65536"', "from 0 to 65535", 'bind = "127.0.0.1:8080"'),
    ("web.workers", "0", "greater than or equal to 1", "workers = 3"),
    ("web.workers", '"many"', "valid integer", "workers = 3"),
    ("web.downloads", '"nginx"', "'direct' or 'x-accel'", 'downloads = "direct"'),
    ("web.accel_prefix", '"store/"', "not of the right form", 'accel_prefix = "/-/licensing/store"'),
    ("web.metrics_bind", '"nowhere"', "not of the right form", 'metrics_bind = "127.0.0.1:9090"'),
    ("worker.refresh_steps_seconds", "[5, 1]", "rising", "refresh_steps_seconds = [0.0, 15.0, 60.0, 300.0]"),
    ("worker.refresh_steps_seconds", "[-1]", "rising", "refresh_steps_seconds = [0.0, 15.0, 60.0, 300.0]"),
    ("worker.refresh_steps_seconds", "[]", "at least 1 item", "refresh_steps_seconds = [0.0, 15.0, 60.0, 300.0]"),
    ("worker.threads", "33", "less than or equal to 32", "threads = 2"),
    ("limits.asset_bytes", "0", "greater than 0", "asset_bytes = 2147483648"),
    ("limits.store_bytes_per_owner", "1.5", "valid integer", "store_bytes_per_owner = 20000000000"),
    ("retention.ip_address_days", "0", "greater than or equal to 1", "ip_address_days = 7"),
    ("log.level", '"loud"', "'debug', 'info', 'warning' or 'error'", 'level = "info"'),
]


@pytest.mark.parametrize(("key", "value", "fault", "example"), FAULTS)
def test_a_fault_names_file_key_what_was_wrong_and_a_valid_line(config, key, value, fault, example):
    section, _, name = key.partition(".")
    file = config(f"[{section}]\n{name} = {value}\n")
    with pytest.raises(SettingsError) as caught:
        load(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert key in message
    assert fault in message
    assert f"a valid line is: {example}" in message or f"write either {example}" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[gitea", ("not valid TOML", "a valid line is")),
        ("x = 1", ("x stands outside a section", "a valid start is: [gitea]")),
        ('gitea = "x"', ("gitea stands outside a section", "a valid start is: [gitea]")),
        ('[gita]\nurl = "x"', ("gita: there is no such section", "did you mean [gitea]?")),
        ('[gitea]\nurll = "x"', ("gitea.urll: there is no such key", "did you mean gitea.url?")),
        ('[web]\nzzz = "x"', ("web.zzz: there is no such key", "config.example.toml lists them all")),
        ('[gitea]\ntoken = "a"\ntoken_file = "b"', ("gitea.token and gitea.token_file contradict", "keep one")),
        ('[gitea]\ntoken_file = "b"', ("gitea.token_file", "No such file", "write the secret into that file")),
    ],
)
def test_a_file_that_makes_no_sense_is_told_so(config, text, words):
    with pytest.raises(SettingsError) as caught:
        load(config(text))
    assert [word for word in ("config.toml", *words) if word not in str(caught.value)] == []


def test_every_fault_is_told_at_once(config):
    with pytest.raises(SettingsError) as caught:
        load(config('[web]\nworkers = 0\nbnd = "x"\n[log]\nlevel = "loud"\n'))
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == ["web.workers", "web.bnd", "log.level"]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("BRIDGE_WEB_WORKERS", "many", ("web.workers", "a valid line is: BRIDGE_WEB_WORKERS=3")),
        ("BRIDGE_WEB_WORKRS", "3", ("web.workrs: there is no such key", "did you mean web.workers?")),
        ("BRIDGE_GITE_URL", "x", ("there is no section gite", "did you mean BRIDGE_GITEA_URL?")),
        ("BRIDGE_GITEA", "x", ("names no key", "BRIDGE_GITEA_URL=http://127.0.0.1:3000")),
        ("BRIDGE_GITEA_TOKEN_FILE", "/nowhere", ("gitea.token_file", "No such file")),
        ("BRIDGE_BRIDGE_OWNERS", "*,acme", ("already means every owner",)),
        ("BRIDGE_WORKER_REFRESH_STEPS_SECONDS", "soon", ("REFRESH_STEPS_SECONDS=0.0,15.0,60.0,300.0",)),
        ("BRIDGE_BRIDGE_ALLOW_TEST_KEYS", "perhaps", ("BRIDGE_BRIDGE_ALLOW_TEST_KEYS=false",)),
    ],
)
def test_a_fault_in_the_environment_names_the_variable(config, monkeypatch, variable, value, words):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load(config(""))
    named = () if "OWNERS" in variable else (f"environment variable {variable}",)
    assert [word for word in (*named, *words) if word not in str(caught.value)] == []


@pytest.mark.parametrize("variable", ["BRIDGE_PORT", "BRIDGE_SERVICE_HOST", "BRIDGE_PORT_8080_TCP"])
def test_variables_that_a_container_platform_sets_by_itself_are_left_alone(config, monkeypatch, variable):
    monkeypatch.setenv(variable, "tcp://10.0.0.1:8080")
    assert load(config("")).web.workers == 3


def test_a_file_that_is_named_must_exist_be_readable_and_be_text(config, tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.toml: there is no such file; copy config\.example\.toml"):
        load(tmp_path / "gone.toml")
    with pytest.raises(SettingsError, match="there is no such file"):
        load(tmp_path)
    file = config("")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8 text; save the file as UTF-8"):
        load(file)

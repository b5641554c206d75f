"""Secrets at rest: closed with a key that is not in the database, renewed without a gap."""

import threading

import pytest

from bridge.errors import SettingsError
from bridge.payments.vault import Vault


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data" / "payments.key"


def test_what_is_closed_opens_again_and_says_nothing(file):
    closed = Vault(file).close_up("whsec_secret")
    assert "whsec" not in closed
    assert Vault(file).open_up(closed) == "whsec_secret"
    assert (Vault(file).close_up(""), Vault(file).open_up("")) == ("", "")


def test_the_file_is_made_at_its_first_use_for_its_owners_eyes_only(file):
    vault = Vault(file)
    assert not file.exists()
    vault.close_up("x")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["payments.key"]


def test_many_who_come_first_at_once_agree_on_one_key(file):
    gate, closed = threading.Barrier(8), []

    def close():
        gate.wait()
        closed.append(Vault(file).close_up("x"))

    threads = [threading.Thread(target=close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Vault(file).open_up(each) for each in closed] == ["x"] * 8


def test_a_key_is_renewed_without_a_gap_for_who_holds_the_old_one(file):
    old = Vault(file)
    closed = old.close_up("x")
    other = Vault(file)
    other.add_key()
    renewed = other.rotated(closed)
    assert (old.open_up(renewed), old.open_up(closed)) == ("x", "x")
    other.drop_old_keys()
    assert Vault(file).open_up(renewed) == "x"
    with pytest.raises(SettingsError, match="does not open"):
        Vault(file).open_up(closed)


@pytest.mark.parametrize("content", ["", "nonsense\n", "\xff\n"])
def test_a_file_that_is_no_key_file_is_named_and_left_alone(file, content):
    file.parent.mkdir()
    file.write_text(content, encoding="latin-1")
    with pytest.raises(SettingsError, match=r"payments\.key_file"):
        Vault(file).close_up("x")
    assert file.read_text(encoding="latin-1") == content

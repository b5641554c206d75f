"""Object storage behind the local store, against a pretend one that speaks S3."""

import hashlib

import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from bridge.settings.schema import StoreSettings
from bridge.storage.files import FileStore
from bridge.storage.objects import ObjectStorage, ObjectStorageError
from tools.ports import free_port

CONTENT = b"PK what a customer paid for" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
SECRET = "a-secret-of-the-bucket"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def settings(url, **more):
    known = {"bucket": "files", "endpoint_url": url, "region": "us-east-1", "access_key_id": "AK"}
    return StoreSettings(**{**known, "secret_access_key": SecretStr(SECRET), **more})


@pytest.fixture(scope="module")
def s3():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    ObjectStorage(settings(url))._client.create_bucket(Bucket="files")
    yield url
    server.stop()


def machine(directory, url, **more):
    """The store of one machine."""
    return FileStore(directory, ObjectStorage(settings(url, **more)))


def names(url):
    listed = ObjectStorage(settings(url))._client.list_objects_v2(Bucket="files")
    return {each["Key"] for each in listed.get("Contents", [])}


def test_what_one_machine_puts_in_another_takes_out(s3, tmp_path):
    here, there = machine(tmp_path / "a", s3), machine(tmp_path / "b", s3)
    here.put([CONTENT[:500], CONTENT[500:]], most_bytes=len(CONTENT))
    assert not there.has(DIGEST)
    assert there.recover(DIGEST, most_bytes=len(CONTENT))
    assert there.path(DIGEST).read_bytes() == CONTENT
    there.remove_here(DIGEST)
    assert DIGEST in names(s3)
    here.remove(DIGEST)
    assert DIGEST not in names(s3)
    assert not here.has(DIGEST)
    assert not there.recover(DIGEST, most_bytes=len(CONTENT))


def test_objects_may_begin_with_a_prefix(s3, tmp_path):
    store = machine(tmp_path, s3, prefix="/bridge/")
    store.put([CONTENT], most_bytes=len(CONTENT))
    assert f"bridge/{DIGEST}" in names(s3)
    store.remove(DIGEST)


def test_other_bytes_under_a_digest_are_not_served(s3, tmp_path, caplog):
    storage = ObjectStorage(settings(s3))
    false = tmp_path / "false"
    false.write_bytes(b"something else")
    storage.save(DIGEST, false)
    store = FileStore(tmp_path / "store", storage)
    assert not store.recover(DIGEST, most_bytes=len(CONTENT))
    assert not store.has(DIGEST)
    assert not store.has(hashlib.sha256(b"something else").hexdigest())
    assert "other bytes" in caplog.text
    storage.remove(DIGEST)


def test_what_the_object_storage_does_not_take_is_not_stored_here_either(s3, tmp_path):
    store = machine(tmp_path, s3, bucket="absent")
    with pytest.raises(ObjectStorageError, match=r"could not take the file \(\w+\)") as raised:
        store.put([CONTENT], most_bytes=len(CONTENT))
    assert SECRET not in str(raised.value)
    assert isinstance(raised.value, OSError)
    assert not store.has(DIGEST)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_an_object_storage_that_is_away_is_an_error_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("bridge.storage.objects._ATTEMPTS", 1)
    store = machine(tmp_path, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ObjectStorageError, match="the object storage could not give the file"):
        store.recover(DIGEST, most_bytes=1)
    store.remove(DIGEST)  # what can't be removed there is told in the log only

"""The store of asset bytes: a file is there whole, under its digest, or not at all."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridge.storage import files
from bridge.storage.files import FileStore, StoreFullError

CHUNKS = [b"one ", b"two ", b"three"]
WHOLE = b"".join(CHUNKS)
SHA256 = hashlib.sha256(WHOLE).hexdigest()


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "store")


def everything(store):
    return sorted(path for path in store._root.rglob("*") if path.is_file())


def failing_at(name, code, monkeypatch, *, after=0):
    """Let a function of ``os`` fail from its n-th call on, as the system does when a disk is full."""
    real, calls = getattr(os, name), []

    def fails(*args, **options):
        calls.append(args)
        if len(calls) > after:
            raise OSError(code, os.strerror(code))
        return real(*args, **options)

    monkeypatch.setattr(files.os, name, fails)
    return calls


def test_a_file_is_stored_under_its_digest_with_all_three_digests_and_its_size(store):
    stored = store.put(iter(CHUNKS), most_bytes=100)
    assert stored.path.read_bytes() == WHOLE
    assert stored.path == store.path(SHA256) == store._root / SHA256[:2] / SHA256[2:4] / SHA256
    assert store._root / store.relative(SHA256) == stored.path
    assert (stored.size, stored.sha256) == (len(WHOLE), SHA256)
    assert stored.sha384 == hashlib.sha384(WHOLE).hexdigest()
    assert stored.sha512 == hashlib.sha512(WHOLE).hexdigest()
    assert store.has(SHA256)
    assert everything(store) == [stored.path]


def test_the_proxy_may_read_it_and_strangers_may_not(store):
    mode = store.put(iter(CHUNKS), most_bytes=100).path.stat().st_mode
    assert mode & 0o777 == 0o640


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_answer(store, monkeypatch):
    """After a power cut a name must never lead to half a file, nor an answer to no name."""
    order, real_sync, real_replace = [], os.fsync, Path.replace

    def sync(descriptor):
        order.append("sync " + ("directory" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"))  # noqa: PTH112
        real_sync(descriptor)

    def replace(self, target):
        order.append("name")
        return real_replace(self, target)

    monkeypatch.setattr(files.os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    store.put(iter(CHUNKS), most_bytes=100)
    assert order == ["sync file", "name", "sync directory", "sync directory", "sync directory"]


def test_an_empty_file_is_stored_like_any_other(store):
    stored = store.put(iter(()), most_bytes=0)
    assert (stored.size, stored.path.read_bytes()) == (0, b"")


def test_the_same_bytes_twice_are_one_file(store):
    assert store.put(iter(CHUNKS), most_bytes=100) == store.put(iter([WHOLE]), most_bytes=100)
    assert len(everything(store)) == 1


def test_a_stream_that_ends_in_an_error_leaves_nothing_and_the_error_comes_through(store):
    def broken():
        yield CHUNKS[0]
        raise ConnectionResetError("cut off")

    with pytest.raises(ConnectionResetError):
        store.put(broken(), most_bytes=100)
    assert everything(store) == []


def test_a_stream_that_is_longer_than_it_may_be_is_ended_at_once(store):
    asked = []

    def endless():
        while True:
            asked.append(1)
            yield bytes(10)

    with pytest.raises(StoreFullError):
        store.put(endless(), most_bytes=35)
    assert len(asked) == 4
    assert everything(store) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_as_such_and_leaves_nothing_half_made(store, monkeypatch, code):
    failing_at("fsync", code, monkeypatch)
    with pytest.raises(StoreFullError, match="make room"):
        store.put(iter(CHUNKS), most_bytes=100)
    assert everything(store) == []


def test_a_disk_that_fills_up_while_writing_is_told_as_full(store, monkeypatch):
    class Filling:
        def __init__(self, file):
            self._file, self._written = file, 0

        def __enter__(self):
            return self

        def __exit__(self, *_exc):
            self._file.close()

        def write(self, chunk):
            self._written += len(chunk)
            if self._written > 5:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self._file.write(chunk)

    real = os.fdopen
    monkeypatch.setattr(files.os, "fdopen", lambda handle, mode: Filling(real(handle, mode)))
    with pytest.raises(StoreFullError):
        store.put(iter(CHUNKS), most_bytes=100)
    assert everything(store) == []


def test_a_disk_without_room_for_a_directory_is_told_as_full(store, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(StoreFullError):
        store.put(iter(CHUNKS), most_bytes=100)


def test_any_other_trouble_of_the_disk_comes_through_as_what_it_is(store, monkeypatch):
    failing_at("fsync", errno.EIO, monkeypatch)
    with pytest.raises(OSError, match="error") as caught:
        store.put(iter(CHUNKS), most_bytes=100)
    assert caught.value.errno == errno.EIO
    assert everything(store) == []


def test_the_systems_own_refusal_to_write_more_leaves_the_store_as_it_was(store):
    """In a process that the kernel allows files of 100 kB only: no error is played here."""
    script = (
        "import pathlib, resource, sys\n"
        "from bridge.storage.files import FileStore, StoreFullError\n"
        "store = FileStore(pathlib.Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "store.put(iter([b'small']), most_bytes=10)\n"
        "try:\n"
        "    store.put((bytes(65536) for _ in range(32)), most_bytes=10**9)\n"
        "except StoreFullError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(store._root)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
    assert "the disk of the store is full" in done.stdout
    assert [path.read_bytes() for path in everything(store)] == [b"small"]


def test_a_killed_process_leaves_only_an_unfinished_file_which_the_sweep_removes(store):
    script = (
        "import sys, time, pathlib\n"
        "from bridge.storage.files import FileStore\n"
        "def slow():\n"
        "    yield b'x' * 1000\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(60)\n"
        "FileStore(pathlib.Path(sys.argv[1])).put(slow(), most_bytes=10**6)\n"
    )
    command = [sys.executable, "-c", script, str(store._root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGKILL)
    (left,) = everything(store)
    assert left.parent == store._root / "tmp"
    assert store.sweep(time.time() - 3600) == 0  # it might be somebody's who is still writing
    assert store.sweep(time.time() + 1) == 1
    assert everything(store) == []


def test_the_sweep_touches_no_finished_file(store):
    stored = store.put(iter(CHUNKS), most_bytes=100)
    assert store.sweep(time.time() + 3600) == 0
    assert stored.path.exists()


def test_a_store_that_was_never_used_can_be_swept(store):
    assert store.sweep(time.time()) == 0


def test_what_is_removed_is_gone_and_can_be_removed_again(store):
    store.put(iter(CHUNKS), most_bytes=100)
    store.remove(SHA256)
    store.remove(SHA256)
    assert not store.has(SHA256)

"""Where tests keep what they throw away: in memory if there is room, since a database waits for the disk at each commit."""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
# Containers give it 64 MiB, where nothing of ours fits.
_ROOM_BYTES = 4 * 1024**3
# pytest's own name for the directory that its temporary ones are made in.
_ROOT = "PYTEST_DEBUG_TEMPROOT"


def temporary_root() -> str:
    """The directory; its name is short, since sockets lie below it."""
    return os.environ.get(_ROOT, "/tmp")


def choose_temporary_root() -> None:
    """Let all that is temporary be made in memory, unless somebody said where. Tests make programs, too, and run them."""
    if not _MEMORY.is_dir() or os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        return
    if shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES:
        os.environ.setdefault(_ROOT, str(_MEMORY))

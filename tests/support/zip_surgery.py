"""Looking at ZIPs byte by byte, to make them lie."""

import io
import struct

from feeds.manifest import ExtensionManifest, Limits, read_extension

MANIFEST = "<extension type='file'><name>A</name><version>1</version></extension>"
MIB = 1024**2


def read(data: bytes, **limits: int) -> tuple[ExtensionManifest, ...]:
    """Read a ZIP held in memory, under limits that differ from the usual ones."""
    return read_extension(io.BytesIO(data), limits=Limits(**limits))


def end_record(data: bytes) -> int:
    """Position of the end-of-central-directory record of a ZIP without a comment."""
    return len(data) - 22


def patched(data: bytes, position: int, layout: str, *values: int) -> bytes:
    """Overwrite a few bytes by packed numbers."""
    changed = bytearray(data)
    struct.pack_into(layout, changed, position, *values)
    return bytes(changed)

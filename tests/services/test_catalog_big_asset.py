"""A file as large as Gitea allows: it passes through, and never through memory."""

import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.zips import joomla_module

MIB = 1024 * 1024


class _BigFileServer(BaseHTTPRequestHandler):
    """Hands out one big file in pieces, as Gitea would."""

    path_on_disk: Path

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(self.path_on_disk.stat().st_size))
        self.end_headers()
        with self.path_on_disk.open("rb") as file:
            self.connection.sendfile(file)

    def log_message(self, *args):
        pass


class _Sparse:
    """Writes zeros as holes, so that half a gigabyte takes no room and no time."""

    def __init__(self, file):
        self._file = file

    def write(self, data):
        if len(data) == MIB and not any(data[:16]):
            self._file.seek(len(data), os.SEEK_CUR)
            return len(data)
        return self._file.write(data)

    def __getattr__(self, name):
        return getattr(self._file, name)


_FETCH = """
import json, sys
from pathlib import Path
from bridge.models import Asset
from bridge.services.assets import AssetLimits, fetch
from bridge.storage.files import FileStore
from gitea_client.client import GiteaClient

def memory(field):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) // 1024

url, store, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
asset = Asset(uuid="a518bf3f-7fe5-4c37-899a-5d8164303562", release_id=1, gitea_id=1, name="big.zip", size=size)
before = memory("VmRSS")
with GiteaClient(url, "t") as gitea:
    fetched = fetch(gitea, FileStore(store), asset, AssetLimits(2**32, 0), 0)
print(json.dumps({"grown": memory("VmHWM") - before, "problem": fetched.problem, "size": fetched.file.size,
                  "version": fetched.extensions[0]["version"]}))
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_size_of_a_file(tmp_path):
    """Half a gigabyte stands for the two that Gitea allows: three digests of those take too long for every run."""
    big = tmp_path / "big.zip"
    with big.open("wb") as file, zipfile.ZipFile(_Sparse(file), "w") as archive:
        with archive.open("media/film.bin", "w") as film:
            for _ in range(int(os.environ.get("BRIDGE_TEST_ASSET_MIB", "512"))):
                film.write(bytes(MIB))
        with zipfile.ZipFile(io.BytesIO(joomla_module("weather", "1.2.0"))) as small:
            for entry in small.infolist():
                archive.writestr(entry.filename, small.read(entry))
    handler = type("Handler", (_BigFileServer,), {"path_on_disk": big})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        command = [sys.executable, "-c", _FETCH, url, str(tmp_path / "store"), str(big.stat().st_size)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    said = json.loads(done.stdout)
    assert (said["problem"], said["size"], said["version"]) == ("", big.stat().st_size, "1.2.0")
    assert said["grown"] <= 32

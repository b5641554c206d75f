"""The demo's mail server: takes every mail on a loopback port, delivers none, and keeps each as a file."""

import itertools
import socketserver
import threading
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

_HOST = "127.0.0.1"
_MOST_BYTES = 4_000_000


class DemoMailServer:
    """As much of SMTP as the bridge speaks. ``directory``: where the mails are kept."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        numbers, lock = itertools.count(1), threading.Lock()

        class _Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 the demo takes every mail, and delivers none")
                while (line := self.rfile.readline(4096)) and not line.upper().startswith(b"QUIT"):
                    if not line.upper().startswith(b"DATA"):
                        self._say("250 fine")
                        continue
                    self._say("354 go on")
                    self._keep()
                    self._say("250 kept")
                self._say("221 goodbye")

            def _keep(self) -> None:
                lines: list[bytes] = []
                while (line := self.rfile.readline(_MOST_BYTES)) not in {b".\r\n", b""}:
                    lines.append(line.removeprefix(b"."))
                with lock:
                    file = directory / f"{next(numbers):04d}.eml"
                    part = file.with_suffix(".part")
                    part.write_bytes(b"".join(lines))
                    part.rename(file)  # whoever looks finds whole mails only

            def _say(self, words: str) -> None:
                self.wfile.write(f"{words}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer((_HOST, 0), _Talk)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), daemon=True, name="demo-mail-server"
        )
        self._thread.start()

    def stop(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def mails(directory: Path) -> list[EmailMessage]:
    """What was taken, in order."""
    found = []
    for file in sorted(directory.glob("*.eml")):
        parsed = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        assert isinstance(parsed, EmailMessage)
        found.append(parsed)
    return found

"""A mail server on a loopback port, which keeps what it is given, and refuses it where a test says so."""

import asyncio
import email
import email.policy
import logging
import ssl
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

# It writes each line of each mail, which is slow, and would hide what the bridge itself logs.
logging.getLogger("mail.log").disabled = True


@dataclass(frozen=True)
class Received:
    """A mail as it came: the envelope, and what was in it."""

    sender: str
    to: list[str]
    message: EmailMessage

    def text(self, kind: str = "plain") -> str:
        """One of its two parts."""
        part = self.message.get_body((kind,))
        assert part is not None
        return part.get_content()


@dataclass
class MailSink:
    """``answers``: what the next mails are answered with instead of a yes; ``at``: at which step.

    ``sign_ins``: the same for who signs in.
    """

    received: list[Received] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    at: str = "DATA"
    port: int = 0
    signed_in: list[str] = field(default_factory=list)
    sign_ins: list[str] = field(default_factory=list)

    def start(self, secured: ssl.SSLContext | None = None, **options: Any) -> None:
        """Listen, on the port that it had before. ``secured``: speak TLS from the start; ``options`` of aiosmtpd."""
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()

        async def listen() -> None:
            made = await self._loop.create_server(
                lambda: SMTP(self, loop=self._loop, hostname="sink", **options), "127.0.0.1", self.port, ssl=secured
            )
            self._server, self.port = made, made.sockets[0].getsockname()[1]
            ready.set()

        def run() -> None:
            self._loop.run_until_complete(listen())
            self._loop.run_forever()
            self._loop.close()

        self._thread = threading.Thread(target=run, daemon=True, name="mail-sink")
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        """Listen no more."""

        def end() -> None:
            self._server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join(10)

    def forget(self) -> None:
        """Begin anew."""
        self.received.clear()
        self.answers.clear()
        self.at = "DATA"

    def sign_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        """Let in whoever knows the word."""
        self.signed_in.append(data.login.decode())
        message = self.sign_ins.pop(0) if self.sign_ins else None
        return AuthResult(success=message is None and data.password == b"open0sesame", handled=False, message=message)

    # The names that aiosmtpd calls.

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Somebody to send to."""
        if self.answers and self.at == "RCPT":
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """A mail."""
        if self.answers and self.at == "DATA":
            return self.answers.pop(0)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.received.append(Received(envelope.mail_from, list(envelope.rcpt_tos), parsed))
        return "250 OK"

"""The mail server: one connection a message, short patience, three kinds of failure, and no word of what it answered.

Answers of mail servers quote addresses, and errors end in logs and tables; so only their numbers are told.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from bridge.errors import RefusedError, SettingsError, UnavailableError
from bridge.settings import MailSettings

_FOR_GOOD = range(500, 600)
# Security or policy, by the enhanced status (RFC 3463): the server's view of the sender.
_NOT_FROM_US = re.compile(r"\s*5\.7\.\d")


class MailServerAwayError(UnavailableError):
    """The server can't be reached, or asks for patience."""


class MailServerRefusesUsError(SettingsError):
    """The server is there and does not let this installation send: a setting is wrong."""


class AddressRefusedError(RefusedError):
    """The server does not take this message, and will not tomorrow."""


class MailServer:
    """Somebody's SMTP server, as the settings name it."""

    def __init__(self, settings: MailSettings, sender: str) -> None:
        self._settings = settings
        self._bounces_to = settings.bounces_to or sender
        self._name = sender.rpartition("@")[2]

    def send(self, message: EmailMessage) -> None:
        """Hand a message over; when this returns, the server has it.

        Raises ``MailServerAwayError``, ``MailServerRefusesUsError``, ``AddressRefusedError``.
        """
        with self._talking() as server:
            server.send_message(message, self._bounces_to)

    def try_out(self) -> None:
        """Connect and sign in, and send nothing. Raises as `send` does."""
        with self._talking() as server:
            server.noop()

    @contextmanager
    def _talking(self) -> Iterator[smtplib.SMTP]:
        server: smtplib.SMTP | None = None
        try:
            server = self._connected()
            yield server
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _refusal(code, said, "the address") from None
        except smtplib.SMTPSenderRefused as error:
            raise MailServerRefusesUsError(
                f"the mail server does not let this installation send as {error.sender} ({error.smtp_code});"
                " correct mail.sender or mail.bounces_to"
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code not in _FOR_GOOD:
                raise MailServerAwayError(
                    f"the mail server does not take the sign-in now ({error.smtp_code})"
                ) from None
            raise MailServerRefusesUsError(
                f"the mail server does not know the user ({error.smtp_code}); correct mail.user and mail.password"
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise AddressRefusedError("the mail server takes addresses in ASCII only") from None
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error, "the mail") from None
        except ssl.SSLError as error:
            raise MailServerRefusesUsError(
                f"the connection to the mail server can't be secured ({error.reason or type(error).__name__});"
                " correct mail.security, mail.port or the server's certificate"
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerAwayError(
                f"the mail server can't be reached ({type(error).__name__}); if that stays so, correct mail.host,"
                " mail.port or mail.security"
            ) from None
        finally:
            if server is not None:
                # The message was taken, or not: how the talk ends changes nothing about that.
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()

    def _connected(self) -> smtplib.SMTP:
        settings, patience = self._settings, self._settings.timeout_seconds
        where = (settings.host, settings.port)
        if settings.security == "tls":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(*where, self._name, timeout=patience, context=context)
        else:
            server = smtplib.SMTP(*where, self._name, timeout=patience)
        try:
            self._let_in(server)
        except BaseException:
            server.close()
            raise
        return server

    def _let_in(self, server: smtplib.SMTP) -> None:
        """Secure the connection, and sign in."""
        settings = self._settings
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            if not server.has_extn("starttls"):
                raise MailServerRefusesUsError(
                    'the mail server offers no STARTTLS; write security = "tls" with its port, or "none" for a server'
                    " on this machine"
                )
            server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
        if settings.user:
            if not server.has_extn("auth"):
                raise MailServerRefusesUsError("the mail server knows no sign-in here; empty mail.user, or secure it")
            server.login(settings.user, settings.password.get_secret_value())


def _refusal(code: int, said: bytes | str, what: str) -> Exception:
    shown = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    if code in _FOR_GOOD and _NOT_FROM_US.match(shown):  # "Relay access denied", which is no fault of the address
        return MailServerRefusesUsError(
            f"the mail server does not let this installation send there ({code} 5.7); correct mail.user and"
            " mail.password, or let it relay for this machine"
        )
    if code in _FOR_GOOD:
        return AddressRefusedError(f"the mail server refuses {what} ({code})")
    return MailServerAwayError(f"the mail server does not take {what} now ({code})")

"""Works the outbox off: looks again whether it is still so, sends, notes it; or says what was wrong, and tries later.

A row is leased by an update that one worker wins. Between the server's yes and our note lies a moment: a worker that
dies in it leaves a mail that is sent once more, with the same Message-ID. Nothing is ever lost or doubled otherwise.
"""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bridge.errors import BridgeError, InvalidInputError
from bridge.mail.letters import Letter, message
from bridge.mail.smtp import AddressRefusedError
from bridge.models import Outbox
from bridge.rules.payments.messages import Message
from bridge.services import mail_letters
from bridge.services.customer_links import links_of
from bridge.services.mail_checks import NoAddressYetError, NoLongerTrueError
from bridge.services.mail_letters import Post
from bridge.settings import Settings
from bridge.storage import outbox

log = logging.getLogger(__name__)

# Longer than the server is ever waited for; a killed worker's mail waits this long for the next one.
LEASE_SECONDS = 300.0
WAITS_SECONDS = (30, 120, 600, 1800, 7200, 21600, 43200, 86400, 86400)
# What could not be begun for so long, since mail was off or no address came, surprises more than it helps.
TOO_OLD = timedelta(days=7)
WAITED = "it waited too long while no mail was sent; send it again by hand where it matters"
_DAY, _FULL = timedelta(days=1), timedelta(hours=1)
_WITHOUT_ADDRESS = timedelta(minutes=5)
_SHARE_OF_LINKS = 5
# What has had its share as well where one of a kind has.
_OTHERS = frozenset(Message) - {Message.KEYS}
_AS_FULL = {Message.KEYS: frozenset(Message), Message.LINK: frozenset({Message.LINK})}
_LONGEST_WAIT = timedelta(seconds=max(WAITS_SECONDS))


class Server(Protocol):
    """What takes a message; raises as `bridge.mail.smtp.MailServer.send` does."""

    def send(self, message: Any) -> None:
        """Take it."""


@dataclass(frozen=True, slots=True)
class MailRules:
    """What the settings say: the post's own address, and how much an owner may send a day."""

    post: Post
    most_a_day: int


@dataclass(frozen=True, slots=True)
class _Sent:
    """A mail that the server has."""

    lease: Outbox
    at: datetime
    reference: dict[str, Any]


def rules_of(settings: Settings) -> MailRules:
    """The rules of this installation."""
    post = Post(settings.mail_sender, settings.mail.sender_domains, settings.bridge.public_url, links_of(settings))
    return MailRules(post, settings.mail.mails_per_owner_and_day)


class Mailer:
    """One for each worker."""

    def __init__(
        self,
        server: Server,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        rules: MailRules,
    ) -> None:
        self._server = server
        self._open_session = open_session
        self._clock = clock
        self._rules = rules
        self._unnoted: deque[_Sent] = deque()

    def run_next(self) -> bool:
        """Send what is due longest; whether there was something. An error of one mail ends nothing."""
        if not self._note_again():
            return False
        lease = self._claim()
        if lease is None:
            return False
        try:
            self._send(lease)
        except NoLongerTrueError as error:
            self._finish(lease, "dropped", str(error))
        except NoAddressYetError as error:
            self._wait(lease, str(error), _WITHOUT_ADDRESS)
        except (AddressRefusedError, InvalidInputError) as error:
            self._give_up(lease, str(error))
        except BridgeError as error:
            self._put_back(lease, str(error))
        except Exception as error:
            log.exception("mail %s could not be made", lease.id)
            self._put_back(lease, f"a fault of this program ({type(error).__name__}); please report it")
        return True

    def _claim(self) -> Outbox | None:
        now = self._clock()
        with self._open_session(read_only=True) as session:
            if not outbox.is_any_due(session, now, _LONGEST_WAIT):
                return None
        host = self._rules.post.sender.rpartition("@")[2]
        with self._open_session() as session:
            return outbox.claim(session, now, for_seconds=LEASE_SECONDS, longest_wait=_LONGEST_WAIT, host=host)

    def _send(self, lease: Outbox) -> None:
        now = self._clock()
        if lease.attempts == 1 and now - lease.created_at > TOO_OLD:
            raise NoLongerTrueError(WAITED)
        with self._open_session(read_only=True) as session:
            full = self._is_full(session, lease, now)
            written = None if full else mail_letters.write(session, lease, self._rules.post, now)
        if written is None:
            self._wait(lease, "mail.mails_per_owner_and_day is reached; it waits its turn", _FULL)
            with self._open_session() as session:  # so do the others, that not each has to be looked at
                outbox.put_off(session, lease.owner_id, now, now + _FULL, _AS_FULL.get(Message(lease.kind), _OTHERS))
            return
        self._hand_over(lease, *written)

    def _is_full(self, session: Any, lease: Outbox, now: datetime) -> bool:
        """Whether the owner has had its mails of the day.

        Half of them are kept for keys that were sold. Of the others, a fifth is for links: strangers can ask for them.
        """
        sent, most = outbox.sent_since(session, lease.owner_id, now - _DAY), self._rules.most_a_day
        if sent.total() >= most:
            return True
        others = (most + 1) // 2
        if lease.kind == Message.LINK and sent[Message.LINK] >= -(-others // _SHARE_OF_LINKS):
            return True
        return lease.kind != Message.KEYS and sent.total() - sent[Message.KEYS] >= others

    def _hand_over(self, lease: Outbox, letter: Letter, keys: list[int]) -> None:
        self._server.send(message(letter, lease.message_id, self._clock()))
        left_out = [key for key in lease.reference.get("keys", ()) if key not in keys]  # it did not work just then
        told = {"keys": keys, "left_out": left_out} if lease.kind == Message.KEYS else {}
        log.info("mail %s (%s) is sent", lease.id, lease.kind)
        self._note(_Sent(lease, self._clock(), lease.reference | told))

    def _note(self, sent: _Sent) -> None:
        """Note that a mail is out. Where that can't be noted now it is later: it must not be sent once more."""
        try:
            self._finish(sent.lease, "sent", "", sent_at=sent.at, reference=sent.reference)
        except Exception:
            log.exception("mail %s is sent, which could not be noted; that is tried again", sent.lease.id)
            self._unnoted.append(sent)

    def _note_again(self) -> bool:
        """Note what could not be noted before; whether nothing is left of it."""
        for _ in range(len(self._unnoted)):
            with suppress(IndexError):  # another thread was faster
                self._note(self._unnoted.popleft())
        return not self._unnoted

    def _finish(self, lease: Outbox, status: str, reason: str, **more: Any) -> None:
        with self._open_session() as session:
            kept = outbox.finish(session, lease, status=status, due_at=None, last_error=reason[:500], **more)
        if not kept:
            log.warning("mail %s took longer than its lease; it may go out twice, as the same mail", lease.id)

    def _wait(self, lease: Outbox, reason: str, span: timedelta) -> None:
        """Nobody's fault: it does not count as an attempt."""
        now = self._clock()
        if now - lease.created_at > TOO_OLD:
            self._finish(lease, "dropped", reason)
            return
        with self._open_session() as session:
            outbox.finish(
                session,
                lease,
                status="new",
                due_at=now + span,
                attempts=max(0, lease.attempts - 1),
                last_error=reason[:500],
            )

    def _put_back(self, lease: Outbox, reason: str) -> None:
        log.warning("mail %s (%s) was not sent, attempt %d: %s", lease.id, lease.kind, lease.attempts, reason)
        if lease.attempts > len(WAITS_SECONDS):
            self._give_up(lease, reason)
            return
        due = self._clock() + timedelta(seconds=WAITS_SECONDS[lease.attempts - 1])
        with self._open_session() as session:
            outbox.finish(session, lease, status="new", due_at=due, last_error=reason[:500])

    def _give_up(self, lease: Outbox, reason: str) -> None:
        """Dead, with the reason; where it was a key, its seller is told. Unless somebody else has it by now."""
        log.warning("mail %s (%s) is given up: %s", lease.id, lease.kind, reason)
        now = self._clock()
        with self._open_session() as session:
            kept = outbox.finish(session, lease, status="dead", due_at=None, last_error=reason[:500])
            if kept and lease.kind == Message.KEYS:
                outbox.put(
                    session,
                    f"{Message.UNDELIVERED}:{lease.id}",
                    Message.UNDELIVERED,
                    lease.owner_id,
                    now,
                    purchase_id=lease.purchase_id,
                    reference={"keys": list(lease.reference.get("keys", ())), "why": reason[:200]},
                )

"""A shop whose mails go to a server on loopback."""

from datetime import timedelta

from sqlmodel import delete, update
from support.mail_sinks import MailSink, Received
from support.payment_shops import STARTED, Shop

from bridge.models import LicenseKey, Outbox, Owner, PaymentEvent
from bridge.rules.sellers import Seller
from bridge.rules.variables import OwnerSettings
from bridge.settings import MailSettings
from bridge.storage import licenses

SENDER = "keys@bridge.example"
SELLER = Seller(
    name="Acme Extensions", support="help@acme.example", renewal_url="https://acme.example/renew", language="en"
)


class MailShop:
    """A shop, what it sends with, and what came."""

    def __init__(self, shop: Shop, sink: MailSink) -> None:
        self.shop, self.sink = shop, sink
        self._tests = 0
        self.configure()
        self.say()

    def begin_anew(self) -> None:
        """Another owner with empty books in the same shop, minutes later: cheaper than another shop."""
        shop = self.shop
        self._tests += 1
        shop.clock.now = STARTED + timedelta(minutes=3 * self._tests)
        shop.told = len(shop.world.events)
        with shop.session() as session:
            session.exec(delete(Outbox))
            session.exec(delete(PaymentEvent))
            session.exec(update(LicenseKey).values(revoked_at=STARTED))
        shop.tiers.clear()
        shop.sells.clear()
        shop.move_out()
        shop.set_account(policy={}, mode="live")
        self.sink.forget()
        self.configure()
        self.say()

    def configure(self, **changes) -> None:
        """Other settings of ``[mail]``."""
        usual = {"host": "127.0.0.1", "port": self.sink.port, "security": "none", "sender": SENDER}
        self.shop.parts.settings.mail = MailSettings(**usual | changes)
        for part in ("mailer", "thanks", "worker"):
            self.shop.parts.__dict__.pop(part, None)

    def say(self, seller: Seller = SELLER) -> None:
        """What the owner says of itself."""
        with self.shop.session() as session:
            owner = session.get_one(Owner, self.shop.owner_id)
            owner.settings = OwnerSettings(seller=seller).to_dict()
            session.add(owner)

    def send(self, **later: float) -> list[Received]:
        """Send what is due (``seconds=``: after so long); all that has come by now."""
        self.shop.clock.turn(**later)
        while self.shop.parts.mailer.run_next():
            pass
        return self.sink.received

    def settle(self) -> list[Received]:
        """Send what is due when states are settled."""
        return self.send(seconds=91)

    def rows(self, kind: str = "keys") -> list[Outbox]:
        """The outbox."""
        return self.shop.mails(kind)

    def stands(self, kind: str = "keys") -> list[str]:
        """What became of mails."""
        return [row.status for row in self.rows(kind)]

    def key_code(self, number: int = 0) -> str:
        """The code of a key that was sold."""
        key_id = self.shop.sold()[number].id
        with self.shop.session(read_only=True) as session:
            return licenses.codes_of(session, [key_id])[key_id][0].code

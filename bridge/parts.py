"""The one place where real things meet: engines, clients and clocks are put together here and nowhere else."""

import functools
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bridge.mail.smtp import MailServer
from bridge.payments.registry import Providers, providers
from bridge.payments.vault import Vault
from bridge.services.assets import AssetLimits
from bridge.services.customer_desk import CustomerDesk
from bridge.services.customer_links import links_of
from bridge.services.doctor.patient import Patient, Wishes
from bridge.services.figures import Figures
from bridge.services.gate import Gate, GateRules
from bridge.services.gitea_access import open_gitea
from bridge.services.in_their_stead import InTheirStead
from bridge.services.looks import Looker
from bridge.services.mailing import Mailer, rules_of
from bridge.services.makers import Makers
from bridge.services.payment_door import PaymentDoor
from bridge.services.payment_inbox import InboxRules, PaymentInbox
from bridge.services.payment_reconcile import PaymentReconcile
from bridge.services.payment_sales import PaymentSales
from bridge.services.people import People
from bridge.services.products import Hosts, Products
from bridge.services.recollection import Recollection
from bridge.services.refill import Refill
from bridge.services.refresh import Catalog, CatalogRules
from bridge.services.reminders import Reminders
from bridge.services.schedule import Schedule
from bridge.services.sign_in import SignIn
from bridge.services.thanks import MOST_QUESTIONS_A_MINUTE, ThanksDesk
from bridge.services.themes import Themes
from bridge.services.throttling import Counters, Throttle
from bridge.services.usage import UsageBuffer
from bridge.settings import Settings
from bridge.storage.engine import open_engine, session_scope
from bridge.storage.files import FileStore
from bridge.storage.lookups import Lookups
from bridge.storage.objects import ObjectStorage
from bridge.storage.precedence import be_the_background, give_way
from bridge.worker import Worker, WorkerRules
from gitea_client.client import GiteaClient


def utc_now() -> datetime:
    """The clock of this program."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Edge:
    """What comes from the outside world; tests hand in their own."""

    clock: Callable[[], datetime] = utc_now
    entropy: Callable[[int], bytes] = secrets.token_bytes


REAL = Edge()


class Parts:
    """The parts of one process, built when first needed: a feed server has no Gitea client, a worker no gate."""

    def __init__(self, settings: Settings, edge: Edge = REAL) -> None:
        self.settings = settings
        self.clock = edge.clock
        self.entropy = edge.entropy
        self.engine = open_engine(settings.database.url)
        self.store = FileStore(settings.store_dir, ObjectStorage(settings.store) if settings.store.bucket else None)
        self.hosts = Hosts(settings.bridge.public_url, settings.gitea.public_url)

    def open_session(self, *, read_only: bool = False) -> AbstractContextManager[Any]:
        """One transaction."""
        return session_scope(self.engine, read_only=read_only)

    @functools.cached_property
    def lookups(self) -> Lookups:
        """The reads of the hot path."""
        return Lookups(self.engine)

    @functools.cached_property
    def products(self) -> Products:
        """What this process holds of the catalog."""
        return Products(self.lookups, functools.partial(self.open_session, read_only=True), self.hosts)

    @functools.cached_property
    def recollection(self) -> Recollection:
        """What this process remembers of keys and sites."""
        web = self.settings.web
        return Recollection(self.lookups, web.remembered_keys, web.remembered_seconds)

    @functools.cached_property
    def gate(self) -> Gate:
        """The door-keeper."""
        rules = GateRules(
            key_prefix=self.settings.bridge.key_prefix,
            allow_test_keys=self.settings.bridge.allow_test_keys,
            new_sites_per_day=self.settings.limits.new_sites_per_key_and_day,
        )
        return Gate(self.recollection, self.products, self.open_session, self.clock, rules)

    @functools.cached_property
    def figures(self) -> Figures:
        """What operators watch."""
        return Figures(self.open_session, self.clock, self.hosts)

    @functools.cached_property
    def counters(self) -> Counters:
        """Where rates are counted."""
        return Counters(self.clock, self.settings.limits.shared_url)

    @functools.cached_property
    def usage(self) -> UsageBuffer:
        """Counts."""
        return UsageBuffer(self.open_session)

    @functools.cached_property
    def gitea(self) -> GiteaClient:
        """The way to Gitea, within its budget."""
        return open_gitea(self.settings.gitea)

    @functools.cached_property
    def catalog(self) -> Catalog:
        """The refresher of the catalog."""
        settings = self.settings
        rules = CatalogRules(
            serves=settings.serves,
            hosts=self.hosts,
            limits=AssetLimits(settings.limits.asset_bytes, settings.limits.store_bytes_per_owner),
            key_prefix=settings.bridge.key_prefix,
            reconcile_seconds=settings.worker.reconcile_seconds,
            settings_seconds=settings.worker.settings_seconds,
        )
        return Catalog(Looker(self.gitea), self.store, self.open_session, self.clock, self.entropy, rules)

    @functools.cached_property
    def people(self) -> People:
        """Who asks, by Gitea's word."""
        return People(self.gitea, self.open_session, self.clock, self.entropy(32))

    @functools.cached_property
    def makers(self) -> Makers:
        """What machines may, by Gitea's word about those who made their tokens."""
        return Makers(self.gitea, self.open_session, self.clock, self.entropy(32))

    @functools.cached_property
    def visitors(self) -> InTheirStead:
        """What those who signed in may, by Gitea's word."""
        return InTheirStead(self.gitea, self.open_session, self.clock, self.entropy(32), "whoever signed in")

    @functools.cached_property
    def sign_in(self) -> SignIn:
        """The way in for people."""
        oauth = self.settings.oauth
        client = (oauth.client_id, oauth.client_secret.get_secret_value())
        return SignIn(self.gitea, client, self.settings.oauth_callback, self.clock, self.entropy)

    @functools.cached_property
    def themes(self) -> Themes:
        """The colours of Gitea."""
        ours, theirs = (urlsplit(each) for each in (self.hosts.public_url, self.hosts.gitea_url))
        return Themes(self.gitea, same_origin=(ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc))

    @functools.cached_property
    def providers(self) -> Providers:
        """The payment providers."""
        of = self.settings.payments
        return providers(stripe_url=of.stripe_url, paypal_url=of.paypal_url)

    @functools.cached_property
    def vault(self) -> Vault:
        """What opens the secrets of payment accounts."""
        return Vault(self.settings.payment_key_file)

    @functools.cached_property
    def payment_door(self) -> PaymentDoor:
        """Where payment providers deliver."""
        return PaymentDoor(self.providers, self.vault, self.open_session, self.clock)

    @functools.cached_property
    def payment_inbox(self) -> PaymentInbox:
        """What reads their deliveries."""
        most = self.settings.limits.keys_per_owner_and_day
        rules = InboxRules(self.settings.bridge.key_prefix, self.entropy, most)
        return PaymentInbox(self.providers, self.vault, self.open_session, self.clock, rules)

    @functools.cached_property
    def payment_reconcile(self) -> PaymentReconcile:
        """What asks them for what never came."""
        return PaymentReconcile(self.providers, self.vault, self.open_session, self.clock)

    @functools.cached_property
    def payment_sales(self) -> PaymentSales:
        """What begins sales there."""
        public_url = self.settings.bridge.public_url
        return PaymentSales(self.providers, self.vault, self.open_session, self.clock, self.entropy, public_url)

    @functools.cached_property
    def thanks(self) -> ThanksDesk:
        """What those see who come back from paying."""
        questions = Throttle(self.counters, "thanks-questions", MOST_QUESTIONS_A_MINUTE)
        on, links = self.settings.mail.is_on, self.customers.links
        return ThanksDesk(self.open_session, self.clock, questions, links, mails_go_out=on)

    @functools.cached_property
    def customers(self) -> CustomerDesk:
        """Customers' own pages."""
        return CustomerDesk(links_of(self.settings), self.gate, self.products, self.open_session, self.clock)

    @functools.cached_property
    def mailer(self) -> Mailer:
        """What sends mails."""
        server = MailServer(self.settings.mail, self.settings.mail_sender)
        return Mailer(server, self.open_session, self.clock, rules_of(self.settings))

    @functools.cached_property
    def worker(self) -> Worker:
        """The background loop."""
        be_the_background(self.engine)
        settings = self.settings.worker
        schedule = Schedule(
            self.gitea,
            self.catalog,
            self.open_session,
            self.settings.bridge.owners,
            settings_seconds=settings.settings_seconds,
            sweep_seconds=settings.reconcile_seconds,
        )
        rules = WorkerRules(settings.threads, settings.refresh_steps_seconds, self.settings.retention)
        # The look first: what it finds is read in the same round.
        jobs = {"reconcile": self.payment_reconcile.run_due, "payments": self.payment_inbox.run_next}
        if self.settings.mail.is_on:
            reminders = Reminders(self.open_session, self.clock, self.settings.mail.reminder_days)
            jobs |= {"reminders": reminders.run_due, "mail": self.mailer.run_next}
        refill = Refill(self.gitea, self.store, self.open_session, self.clock)
        polite = functools.partial(give_way, self.engine)
        return Worker(self.catalog, schedule, self.store, self.open_session, self.clock, rules, jobs, refill, polite)

    def patient(self, wishes: Wishes) -> Patient:
        """This installation as a doctor looks at it, over a way to Gitea that is not patient for long."""
        place = self.settings, self.engine, self.store, open_gitea(self.settings.gitea, most_seconds=8.0)
        return Patient(*place, self.open_session, self.clock, self.entropy, self.hosts, wishes)

    def close(self) -> None:
        """Write what is in memory and let go of everything."""
        for name in ("usage", "payment_door", "lookups", "gitea"):
            if name in self.__dict__:  # it was needed
                self.__dict__[name].close()
        self.engine.dispose()

"""What happens by itself or is told: audit, jobs, notifications, webhooks, saved views, settings."""

from __future__ import annotations

import factory

from models import (
    AuditChain,
    AuditEvent,
    ClockSlot,
    Job,
    Notification,
    NotificationDelivery,
    NotificationKind,
    SavedView,
    Setting,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests.factories.base import NOW, RowFactory
from tests.factories.people import AccountFactory, PersonFactory, digest_of


class AuditChainFactory(RowFactory):
    class Meta:
        model = AuditChain

    key = factory.Sequence(lambda n: f"test:{n}")


class AuditEventFactory(RowFactory):
    """A row of the log for lists; its hash is believable, not right. Services write real ones."""

    class Meta:
        model = AuditEvent
        exclude = ("head",)

    head = factory.SubFactory(AuditChainFactory)
    chain = factory.SelfAttribute("head.key")
    sequence = 1
    event = "license.hardware_lock_reset"
    at = NOW
    actor_name = "Robin Miller"
    source = "portal"
    previous_hash = ""
    hash = factory.Sequence(digest_of)


class JobFactory(RowFactory):
    class Meta:
        model = Job

    kind = "deliver-mail"
    run_at = NOW
    created_at = NOW


class ClockSlotFactory(RowFactory):
    class Meta:
        model = ClockSlot

    name = "renewals"
    slot = NOW
    taken_at = NOW


class NotificationFactory(RowFactory):
    """A notice for one person; give ``person=None, permission=…`` for one that roles decide on."""

    class Meta:
        model = Notification

    account = factory.SubFactory(AccountFactory)
    person = factory.SubFactory(PersonFactory)
    kind = NotificationKind.INVOICES
    event = "invoice.issued"
    title = "Invoice INV-1 is ready"
    created_at = NOW


class NotificationDeliveryFactory(RowFactory):
    class Meta:
        model = NotificationDelivery

    event = "invoice.issued"
    address = factory.Sequence(lambda n: f"reader{n}@people.example")
    subject = "Invoice INV-1 is ready"
    text = "Please pay by 15 June."
    message_id = factory.Sequence(lambda n: f"<{n}@foyer.example>")
    next_try_at = NOW
    created_at = NOW


class WebhookEndpointFactory(RowFactory):
    class Meta:
        model = WebhookEndpoint

    account = factory.SubFactory(AccountFactory)
    url = "https://hooks.customer.example/foyer"
    secret = "encrypted"
    created_at = NOW


class WebhookDeliveryFactory(RowFactory):
    class Meta:
        model = WebhookDelivery

    endpoint = factory.SubFactory(WebhookEndpointFactory)
    account_id = factory.SelfAttribute("endpoint.account_id")
    event_id = factory.Sequence(lambda n: f"event-{n}")
    event = "invoice.issued"
    created_at = NOW


class SavedViewFactory(RowFactory):
    class Meta:
        model = SavedView

    person = factory.SubFactory(PersonFactory)
    realm = "portal"
    slug = "invoices"
    name = "Unpaid"
    query = "status=unpaid"
    created_at = NOW


class SettingFactory(RowFactory):
    class Meta:
        model = Setting

    key = factory.Sequence(lambda n: f"setting_{n}")
    value = 3

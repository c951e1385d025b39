"""Payments of the account's people, and the methods they are made with."""

from __future__ import annotations

from domain.permissions import P
from models import DocumentKind, GatewayEvent, Payment, PaymentMethod
from panel import (
    PORTAL,
    STAFF,
    Action,
    Banner,
    Choice,
    Column,
    DateRange,
    Lookup,
    MoneyRange,
    Related,
    Resource,
    Text,
    Visit,
    YesNo,
    reading,
)
from services.payment_methods import make_default, remove_method
from views.money_actions import ALLOCATE, REFUND
from views.papers import download


class PaymentResource(Resource):
    model, slug, title = Payment, "payments", "Payments"
    group, icon, key = "Money", "wallet2", "number"
    columns = (
        Column("number", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("received_on", "Date", sort=True),
        Column("description"),
        Column("method", sort=True),
        Column("status"),
        Column("amount", sort=True),
        Column("paid_by.email", "Paid by"),
        Column("reference", list=False),
        Column("amount_allocated", list=False),
        Column("amount_refunded", list=False),
        Column("gateway", list=False),
        Column("settled_at", list=False),
        Column("failure_reason", list=False),
        Column("remark", list=False, realms={STAFF}),
    )
    filters = (
        DateRange("received_on", "Date"),
        Choice("method"),
        Choice("status"),
        MoneyRange("amount"),
        Text("reference"),
        Lookup("account", realms={STAFF}),
    )
    search = ("number", "reference")
    default_sort = "-received_on"
    grants = reading(P.PAYMENTS_READ)
    actions = (
        download(DocumentKind.RECEIPT, "Receipt", P.PAYMENTS_READ, when=Payment.can_print),
        ALLOCATE,
        REFUND,
    )
    related = (
        Related("allocations", columns=("invoice.number", "amount", "amount_reversed", "created_at")),
        Related("refunds", columns=("number", "status", "amount", "reason", "created_at")),
    )


def _add_banner(visit: Visit) -> list[Banner]:
    """Leads from the list to the page that adds one."""
    if visit.owner_id is None or not visit.allows(P.PAYMENT_METHODS_EDIT):
        return []
    return [
        Banner("The default pays what is overdue by itself.", f"{visit.base_url}/add-payment-method/", "Add a card")
    ]


class PaymentMethodResource(Resource):
    model, slug, title = PaymentMethod, "payment-methods", "Payment methods"
    description = "Cards and agreements kept by the gateways. Card numbers never reach us."
    group, icon, label = "Money", "credit-card", "label"
    columns = (
        Column("label", "Name", link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("kind"),
        Column("brand"),
        Column("last_four", "Last four"),
        Column("expires_on", sort=True),
        Column("status"),
        Column("is_default", "Default"),
        Column("created_at", "Added", sort=True),
        Column("gateway", list=False),
        Column("added_by.email", "Added by", list=False),
    )
    filters = (Choice("kind"), Choice("status"), YesNo("is_default", "Default"), Lookup("account", realms={STAFF}))
    default_sort = "-created_at"
    banners = _add_banner
    grants = reading(P.PAYMENT_METHODS_READ)
    actions = (
        Action(
            make_default,
            "Make default",
            grant=P.PAYMENT_METHODS_EDIT,
            when=PaymentMethod.can_be_default,
            why_not="It does not work any more, or is the default already.",
            realms={PORTAL},
            confirm="What is overdue is charged to this one from now on.",
            done="It is the default now.",
            name="make-default",
        ),
        Action(
            remove_method,
            "Remove",
            grant=P.PAYMENT_METHODS_EDIT,
            when=PaymentMethod.can_remove,
            why_not="It is removed already.",
            realms={PORTAL},
            danger=True,
            confirm="Used no more; the payment provider forgets it. Without a default nothing pays by itself.",
            done="It is removed.",
            name="remove",
        ),
    )


class GatewayEventResource(Resource):
    model, slug, title, noun = GatewayEvent, "gateways", "Gateway events", "Gateway event"
    description = "What payment providers told us, each event once."
    group, icon, label = "Administration", "cloud-download", "event_id"
    realms = frozenset({STAFF})
    columns = (
        Column("event_id", "Event", link=True),
        Column("gateway"),
        Column("kind"),
        Column("status"),
        Column("payment.number", "Payment"),
        Column("received_at", sort=True),
        Column("processed_at", list=False),
        Column("note", list=False),
    )
    filters = (Text("gateway", exact=True), Choice("status"), DateRange("received_at", "Received"))
    default_sort = "-received_at"
    grants = reading(P.STAFF_GATEWAYS_READ)

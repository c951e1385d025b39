"""Subscriptions and what is on them."""

from __future__ import annotations

import datetime as dt

from wtforms import StringField
from wtforms.validators import InputRequired, Length

from domain.actor import Actor
from domain.permissions import P
from models import Subscription, SubscriptionItem
from panel import (
    PORTAL,
    STAFF,
    Action,
    Choice,
    Column,
    DateRange,
    FurtherExport,
    Lookup,
    Related,
    Resource,
    Text,
    lead,
    reading,
)
from panel.addresses import address
from panel.form import Form
from services.subscriptions.standing import switch_renewal, terminate
from services.subscriptions.trials import give_back


class TerminateForm(Form):
    """Why it ends; the history keeps it."""

    reason = StringField("Reason", [InputRequired("Enter the reason."), Length(max=200)])


def _end_with_period(row: Subscription, *, actor: Actor, now: dt.datetime) -> Subscription:
    return switch_renewal(row, renews=False, actor=actor, now=now)


def _renew_after_all(row: Subscription, *, actor: Actor, now: dt.datetime) -> Subscription:
    return switch_renewal(row, renews=True, actor=actor, now=now)


def _give_back(row: Subscription, *, actor: Actor, now: dt.datetime) -> Subscription:
    return give_back(row.id, actor=actor, now=now)


def _terminate(row: Subscription, *, reason: str, actor: Actor, now: dt.datetime) -> Subscription:
    return terminate(row.id, reason=reason, actor=actor, now=now)


class SubscriptionResource(Resource):
    model, slug, title = Subscription, "subscriptions", "Subscriptions"
    group, icon, key = "Services", "repeat", "number"
    columns = (
        Column("number", "#", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("package.name", "Package"),
        Column("license.code", "License"),
        Column("licensee"),
        Column("status"),
        Column("period"),
        Column("recurring_price", "Price", sort=True),
        Column("renews_on", sort=True),
        Column("started_on", list=False, sort=True),
        Column("current_period_from", list=False),
        Column("current_period_to", list=False),
        Column("trial_ends_on", list=False),
        Column("terminated_on", list=False),
        Column("reseller_account.client_id", "Reseller ID", list=False),
        Column("reference", list=False),
        Column("created_at", list=False, sort=True),
    )
    filters = (
        Lookup("license"),
        Text("reseller_account.client_id", "Reseller ID", realms={PORTAL}, param="reseller_id"),
        Lookup("reseller_account", "Reseller", realms={STAFF}, reverse="Subscriptions they resell"),
        Text("licensee"),
        Lookup("package"),
        Choice("status"),
        Choice("period"),
        DateRange("renews_on", "Renews"),
        Lookup("account", realms={STAFF}),
    )
    search = ("number", "reference", "licensee")
    default_sort = "-created_at"
    form = {"edit": ("reference",)}
    labels = {"reference": "Reference"}
    grants = {**reading(P.SUBSCRIPTIONS_READ), "edit": P.SUBSCRIPTIONS_EDIT}
    actions = (
        lead(
            "Change quantities",
            lambda row: f"subscription-changes/{address(row.number)}/quantities",
            name="change-quantities",
            grant=P.SUBSCRIPTIONS_EDIT,
            when=Subscription.can_change,
        ),
        lead(
            "Change plan",
            lambda row: f"subscription-changes/{address(row.number)}/plan",
            name="change-plan",
            grant=P.SUBSCRIPTIONS_EDIT,
            when=Subscription.can_change,
        ),
        lead(
            "Reactivate",
            lambda row: f"subscription-changes/{address(row.number)}/reactivate",
            name="reactivate",
            grant=P.SUBSCRIPTIONS_EDIT,
            when=Subscription.can_reactivate,
        ),
        Action(
            _end_with_period,
            "Do not renew",
            grant=P.SUBSCRIPTIONS_EDIT,
            when=Subscription.renews,
            why_not="It does not renew, or is not active any more.",
            confirm="It ends with its current period. Until then everything stays as it is; this can be taken back.",
            done="It ends with its current period.",
            name="do-not-renew",
        ),
        Action(
            _renew_after_all,
            "Renew after all",
            grant=P.SUBSCRIPTIONS_EDIT,
            when=Subscription.can_renew_again,
            done="It renews.",
            name="renew-again",
        ),
        Action(
            _give_back,
            "Give back",
            grant=P.SUBSCRIPTIONS_EDIT,
            when=Subscription.can_change,
            realms={STAFF},
            confirm="Within 14 days of the purchase all of it is credited and becomes balance, or comes off the next"
            " invoice where it was bought on credit; the subscription and its license end now.",
            done="It is given back; what was paid is balance, and what was on credit is not owed.",
            danger=True,
            name="give-back",
        ),
        Action(
            _terminate,
            "Terminate",
            grant=P.SUBSCRIPTIONS_EDIT,
            when=Subscription.can_terminate,
            form=TerminateForm,
            realms={STAFF},
            confirm="The subscription and its license end now, for good. Open invoices of its next period are voided.",
            done="It is terminated.",
            danger=True,
            name="terminate",
        ),
    )
    related = (
        Related("items", columns=("product.name", "quantity", "pending_quantity", "unit_price")),
        Related(
            "changes",
            columns=("created_at", "kind", "before", "after", "effective_on", "amount", "changed_by"),
            order="-created_at",
        ),
        Related("periods", columns=("period_from", "period_to", "net", "invoice.number"), order="-period_from"),
    )
    further_exports = (FurtherExport("Hosted/rented extensions CSV", "subscription-items", {"kind": "extension"}),)


class SubscriptionItemResource(Resource):
    model, slug, title, noun = SubscriptionItem, "subscription-items", "Subscription items", "Subscription item"
    description = "One row for each product on each subscription, hosted and rented extensions among them."
    group, icon, label, status = "Services", "list", "product.name", ""
    columns = (
        Column("subscription.number", "Subscription"),
        Column("account.name", "Account", realms={STAFF}),
        Column("subscription.package.name", "Package"),
        Column("subscription.license.code", "License"),
        Column("subscription.licensee", "Licensee"),
        Column("product.name", "Product", link=True),
        Column("product.kind", "Product type", list=False),
        Column("quantity", sort=True),
        Column("pending_quantity", "From renewal"),
        Column("unit_price"),
        Column("created_at", "Since", sort=True),
    )
    filters = (
        Lookup("subscription"),
        Lookup("product"),
        Choice("product.kind", "Product type", param="kind"),
        # Those of the subscriptions, by the same names: the CSV of the extensions takes over what is chosen there.
        Lookup("subscription.license", "License", param="license"),
        Text("subscription.reseller_account.client_id", "Reseller ID", realms={PORTAL}, param="reseller_id"),
        Lookup("subscription.reseller_account", "Reseller", realms={STAFF}, param="reseller_account"),
        Text("subscription.licensee", "Licensee", param="licensee"),
        Lookup("subscription.package", "Package", param="package"),
        Choice("subscription.status", "Status", param="status"),
        Choice("subscription.period", "Period", param="period"),
        DateRange("subscription.renews_on", "Renews", param="renews_on"),
        Lookup("account", realms={STAFF}),
    )
    search = ("subscription.number", "subscription.reference", "subscription.licensee")
    default_sort = "-created_at"
    load = ("product",)
    grants = reading(P.SUBSCRIPTIONS_READ)

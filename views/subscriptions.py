"""Subscriptions and what is on them."""

from __future__ import annotations

from domain.permissions import P
from models import Subscription, SubscriptionItem
from panel import STAFF, Choice, Column, DateRange, Lookup, Related, Resource, Text, reading


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
    related = (
        Related("items", columns=("product.name", "quantity", "pending_quantity", "unit_price")),
        Related(
            "changes",
            columns=("created_at", "kind", "before", "after", "effective_on", "amount", "changed_by"),
            order="-created_at",
        ),
        Related("periods", columns=("period_from", "period_to", "net", "invoice.number"), order="-period_from"),
    )


class SubscriptionItemResource(Resource):
    model, slug, title, noun = SubscriptionItem, "subscription-items", "Hosted/rented extensions", "Extension item"
    description = "One row for each product on each subscription."
    group, icon, label, status = "Services", "list", "product.name", ""
    columns = (
        Column("subscription.number", "Subscription"),
        Column("account.name", "Account", realms={STAFF}),
        Column("product.name", "Product", link=True),
        Column("quantity", sort=True),
        Column("pending_quantity", "From renewal"),
        Column("unit_price"),
        Column("created_at", "Since", sort=True),
    )
    filters = (Lookup("subscription"), Lookup("product"), Lookup("account", realms={STAFF}))
    default_sort = "-created_at"
    load = ("product",)
    grants = reading(P.SUBSCRIPTIONS_READ)

"""Credit notes, statements and orders: the papers around an invoice."""

from __future__ import annotations

from domain.permissions import P
from models import CreditNote, DocumentKind, Order, StatementLine
from panel import STAFF, Choice, Column, DateRange, Lookup, MoneyRange, Related, Resource, Text, reading
from views.order_facts import settled_on_credit
from views.papers import download, statement_banners


class CreditNoteResource(Resource):
    model, slug, title = CreditNote, "credit-notes", "Credit notes"
    group, icon, key = "Money", "file-earmark-minus", "number"
    columns = (
        Column("number", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("issued_on", sort=True),
        Column("description"),
        Column("order.number", "Order"),
        Column("invoice.number", "Invoice"),
        Column("reason"),
        Column("total", sort=True),
        Column("net_total", list=False),
        Column("tax_total", list=False),
        Column("amount_allocated", "Used so far", list=False),
    )
    filters = (
        DateRange("issued_on", "Date"),
        Text("number", "ID"),
        Lookup("order"),
        Lookup("invoice"),
        Choice("reason"),
        Lookup("account", realms={STAFF}),
    )
    search = ("number",)
    default_sort = "-issued_on"
    grants = reading(P.CREDIT_NOTES_READ)
    actions = (download(DocumentKind.CREDIT_NOTE, "Credit note", P.CREDIT_NOTES_READ, when=None),)
    related = (
        Related("lines", columns=("description", "quantity", "net", "tax_rate", "tax", "total"), order="position"),
    )


class StatementResource(Resource):
    model, slug, title, noun = StatementLine, "statements", "Statements", "Statement line"
    description = "Everything that happened on the account, line by line, with the balance after it."
    banners = statement_banners
    group, icon, label, status = "Money", "journal-text", "description", ""
    columns = (
        Column("booked_on", "Date", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("kind"),
        Column("document_number", "Document"),
        Column("description"),
        Column("amount"),
        Column("balance_after", "Balance"),
        Column("sequence", list=False, sort=True),
    )
    filters = (
        DateRange("booked_on", "Date"),
        Choice("kind"),
        Text("document_number", "Document"),
        Lookup("account", realms={STAFF}),
    )
    search = ("document_number",)
    default_sort = "-booked_on"
    grants = reading(P.STATEMENTS_READ)


class OrderResource(Resource):
    model, slug, title = Order, "orders", "Orders"
    group, icon, key = "Money", "cart", "number"
    columns = (
        Column("number", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("placed_at", sort=True),
        Column("kind"),
        Column("description"),
        Column("status"),
        Column("total", sort=True),
        Column("reference", list=False),
        Column("placed_by.email", "Placed by", list=False),
        Column("fulfilled_at", list=False),
        Column("cancelled_at", list=False),
        Column("created_at", sort=True, list=False),
    )
    filters = (
        DateRange("placed_at", "Date"),
        Text("number", "Order ID"),
        Choice("status"),
        Choice("kind"),
        MoneyRange("total"),
        Lookup("account", realms={STAFF}),
    )
    search = ("number",)
    default_sort = "-created_at"
    grants = reading(P.ORDERS_READ)
    related = (
        Related("lines", columns=("description", "quantity", "unit_price", "net"), order="position"),
        Related("invoices", columns=("number", "issued_on", "status", "total", "amount_due")),
    )
    facts = settled_on_credit

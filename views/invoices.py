"""Invoices: what is owed and why, and paying from the balance."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from domain.invoices import InvoiceStatus
from domain.permissions import P
from models import DocumentKind, Invoice
from panel import (
    PORTAL,
    STAFF,
    Action,
    Choice,
    Column,
    DateRange,
    Lookup,
    MoneyRange,
    Related,
    Resource,
    Text,
    Visit,
    lead,
    reading,
)
from panel.addresses import address
from services.invoices import InvoiceNotVoidable, issue_invoice, pay_invoice_from_balance, void_invoice
from views.forms import ReasonForm
from views.invoice_drafts import ADD_LINE, REMOVE_LINE
from views.invoice_facts import why_this_amount
from views.money_actions import CREDIT
from views.papers import download
from views.pay_approvals import ASK_OWNER


def seen_invoices(visit: Visit) -> ColumnElement[bool] | None:
    """A draft is the provider's own paper until it is issued: members see none."""
    return None if visit.owner_id is None else Invoice.status != InvoiceStatus.DRAFT


class InvoiceResource(Resource):
    model, slug, title = Invoice, "invoices", "Invoices"
    group, icon, key = "Money", "receipt", "number"
    columns = (
        Column("number", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("issued_on", sort=True),
        Column("due_on", sort=True),
        Column("description"),
        Column("order.number", "Order"),
        Column("status"),
        Column("total", sort=True),
        Column("amount_due", sort=True),
        Column("subscription.number", "Subscription", list=False),
        Column("net_total", list=False),
        Column("tax_total", list=False),
        Column("amount_paid", list=False),
        Column("amount_credited", list=False),
        Column("remark", list=False, realms={STAFF}),
    )
    filters = (
        DateRange("issued_on", "Date"),
        Text("number", "Invoice ID"),
        Choice("status"),
        Lookup("subscription"),
        MoneyRange("total"),
        Lookup("account", realms={STAFF}),
    )
    search = ("number",)
    default_sort = "-issued_on"
    load = ("account",)
    narrow = seen_invoices
    grants = reading(P.INVOICES_READ)
    actions = (
        lead(
            "Pay now",
            lambda invoice: f"pay/?invoice={address(invoice.number)}",
            name="pay-now",
            grant=P.INVOICES_PAY,
            when=Invoice.can_pay,
            realms={PORTAL},
        ),
        Action(
            pay_invoice_from_balance,
            "Pay from balance",
            grant=P.INVOICES_PAY,
            when=Invoice.can_pay,
            confirm="The whole amount due is taken from the account's balance.",
            done="The invoice is paid.",
            name="pay",
        ),
        download(DocumentKind.INVOICE, "Download PDF", P.INVOICES_READ, when=Invoice.can_print),
        ASK_OWNER,
        Action(
            issue_invoice,
            "Issue",
            grant=P.STAFF_INVOICES_ISSUE,
            when=Invoice.can_issue,
            realms={STAFF},
            confirm="The invoice gets its number and can never be changed again.",
            done="The invoice is issued.",
            name="issue",
        ),
        Action(
            void_invoice,
            "Void",
            grant=P.STAFF_INVOICES_VOID,
            when=Invoice.can_void,
            why_not=InvoiceNotVoidable.message,
            realms={STAFF},
            form=ReasonForm,
            confirm="The invoice stays readable, nothing is owed for it any more, and this cannot be undone.",
            done="The invoice is void.",
            danger=True,
            name="void",
        ),
        CREDIT,
        ADD_LINE,
        REMOVE_LINE,
    )
    facts = why_this_amount
    related = (
        Related(
            "lines",
            columns=(
                "description",
                "quantity",
                "unit_price",
                "net",
                "tax_rate",
                "tax",
                "total",
                "period_from",
                "period_to",
            ),
            order="position",
        ),
        Related("taxes", columns=("name", "rate", "net", "tax")),
        Related(
            "allocations",
            columns=("payment.number", "credit_note.number", "amount", "created_at"),
            label="Payments and credits",
        ),
    )

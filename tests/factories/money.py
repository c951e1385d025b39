"""Ledger, orders, invoices, credit notes, statements, payments and what belongs to them."""

from __future__ import annotations

import datetime as dt

import factory

from domain.invoices import InvoiceStatus
from domain.postings import LedgerAccountKind
from models import (
    AttemptOutcome,
    AutoTopUp,
    CreditLimit,
    CreditLimitKind,
    CreditNote,
    CreditNoteLine,
    CreditReason,
    CreditReservation,
    DeliveryLink,
    DocumentFile,
    DocumentKind,
    DunningKind,
    DunningStep,
    GatewayEvent,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    LedgerAccount,
    LedgerEntry,
    LedgerPosting,
    MonthClose,
    NumberedKind,
    NumberSeries,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentAllocation,
    PaymentAttempt,
    PaymentClaim,
    PaymentKind,
    PaymentMethod,
    PaymentMethodKind,
    PaymentMethodStatus,
    PaymentStatus,
    Refund,
    StatementKind,
    StatementLine,
    UnbilledCharge,
)
from tests.factories.base import NOW, RowFactory
from tests.factories.catalogue import ProductFactory
from tests.factories.people import AccountFactory, FileFactory, PersonFactory, digest_of

TODAY = NOW.date()


class LedgerAccountFactory(RowFactory):
    """The funds of a customer; give ``account=None`` and a kind for one of the house."""

    class Meta:
        model = LedgerAccount

    account = factory.SubFactory(AccountFactory)
    kind = LedgerAccountKind.FUNDS
    currency = "USD"
    created_at = NOW


class LedgerEntryFactory(RowFactory):
    class Meta:
        model = LedgerEntry

    event = "payment.settled"
    description = "Payment received"
    currency = "USD"
    occurred_at = NOW
    idempotency_key = factory.Sequence(lambda n: f"payment-settled-{n}")
    created_at = NOW


class LedgerPostingFactory(RowFactory):
    """One transfer between the funds of two customers, unless other accounts are given."""

    class Meta:
        model = LedgerPosting

    entry = factory.SubFactory(LedgerEntryFactory)
    debit_account = factory.SubFactory(LedgerAccountFactory)
    credit_account = factory.SubFactory(LedgerAccountFactory)
    currency = factory.SelfAttribute("entry.currency")
    amount = 10_000


class NumberSeriesFactory(RowFactory):
    class Meta:
        model = NumberSeries

    kind = NumberedKind.INVOICE
    year = factory.Sequence(lambda n: 3000 + n)
    prefix = "INV-"


class OrderFactory(RowFactory):
    class Meta:
        model = Order

    account = factory.SubFactory(AccountFactory)
    number = factory.Sequence(lambda n: f"O-{n:06}")
    status = OrderStatus.PLACED
    description = "Business phone system"
    currency = factory.SelfAttribute("account.currency")
    placed_at = NOW
    created_at = NOW


class OrderLineFactory(RowFactory):
    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)
    account_id = factory.SelfAttribute("order.account_id")
    position = factory.Sequence(lambda n: n + 1)
    description = "Extensions"
    product = factory.SubFactory(ProductFactory)
    quantity = 10
    currency = factory.SelfAttribute("order.currency")
    unit_price = 490
    net = factory.LazyAttribute(lambda line: line.quantity * line.unit_price)


class InvoiceFactory(RowFactory):
    """An unpaid invoice over 100.00, or over ``net_total`` and ``tax_total``."""

    class Meta:
        model = Invoice

    account = factory.SubFactory(AccountFactory)
    order = factory.SubFactory(OrderFactory, account=factory.SelfAttribute("..account"))
    number = factory.Sequence(lambda n: f"INV-{n:06}")
    status = InvoiceStatus.UNPAID
    issued_on = TODAY
    due_on = TODAY + dt.timedelta(days=14)
    description = "Business phone system, May 2026"
    currency = factory.SelfAttribute("account.currency")
    net_total = 10_000
    tax_total = 0
    total = factory.LazyAttribute(lambda invoice: invoice.net_total + invoice.tax_total)
    amount_paid = 0
    amount_credited = 0
    amount_due = factory.LazyAttribute(
        lambda invoice: (
            0 if invoice.status == InvoiceStatus.VOID else invoice.total - invoice.amount_paid - invoice.amount_credited
        )
    )
    created_at = NOW

    class Params:
        paid = factory.Trait(status=InvoiceStatus.PAID, amount_paid=factory.SelfAttribute("total"))
        void = factory.Trait(status=InvoiceStatus.VOID)
        draft = factory.Trait(
            status=InvoiceStatus.DRAFT,
            number=factory.Sequence(lambda n: f"DRAFT-{n:016}"),
            issued_on=None,
            due_on=None,
        )
        partially_paid = factory.Trait(status=InvoiceStatus.PARTIALLY_PAID, amount_paid=4_000)


class InvoiceLineFactory(RowFactory):
    class Meta:
        model = InvoiceLine

    invoice = factory.SubFactory(InvoiceFactory)
    account_id = factory.SelfAttribute("invoice.account_id")
    position = factory.Sequence(lambda n: n + 1)
    description = "Extensions"
    product = factory.SubFactory(ProductFactory)
    quantity = 10
    currency = factory.SelfAttribute("invoice.currency")
    unit_price = 1_000
    net = factory.LazyAttribute(lambda line: line.quantity * line.unit_price)
    tax = 0
    total = factory.LazyAttribute(lambda line: line.net + line.tax)


class InvoiceTaxFactory(RowFactory):
    class Meta:
        model = InvoiceTax

    invoice = factory.SubFactory(InvoiceFactory)
    account_id = factory.SelfAttribute("invoice.account_id")
    name = "No tax"
    rate = 0
    currency = factory.SelfAttribute("invoice.currency")
    net = factory.SelfAttribute("invoice.net_total")
    tax = 0


class CreditNoteFactory(RowFactory):
    class Meta:
        model = CreditNote

    account = factory.SelfAttribute("invoice.account")
    invoice = factory.SubFactory(InvoiceFactory)
    order = factory.SelfAttribute("invoice.order")
    number = factory.Sequence(lambda n: f"CN-{n:06}")
    reason = CreditReason.GOODWILL
    issued_on = TODAY
    description = "Sorry for the trouble"
    currency = factory.SelfAttribute("invoice.currency")
    net_total = 1_000
    tax_total = 0
    total = factory.LazyAttribute(lambda note: note.net_total + note.tax_total)
    created_at = NOW


class CreditNoteLineFactory(RowFactory):
    class Meta:
        model = CreditNoteLine

    credit_note = factory.SubFactory(CreditNoteFactory)
    account_id = factory.SelfAttribute("credit_note.account_id")
    position = factory.Sequence(lambda n: n + 1)
    description = "Sorry for the trouble"
    currency = factory.SelfAttribute("credit_note.currency")
    net = 1_000
    tax = 0
    total = factory.LazyAttribute(lambda line: line.net + line.tax)


class StatementLineFactory(RowFactory):
    class Meta:
        model = StatementLine

    account = factory.SubFactory(AccountFactory)
    sequence = factory.Sequence(lambda n: n + 1)
    booked_on = TODAY
    kind = StatementKind.INVOICE
    document_number = factory.Sequence(lambda n: f"INV-{n:06}")
    description = "Invoice"
    currency = factory.SelfAttribute("account.currency")
    amount = -10_000
    balance_after = -10_000
    created_at = NOW


class PaymentMethodFactory(RowFactory):
    class Meta:
        model = PaymentMethod

    account = factory.SubFactory(AccountFactory)
    kind = PaymentMethodKind.CARD
    status = PaymentMethodStatus.ACTIVE
    label = "Visa ending in 4242"
    brand = "Visa"
    last_four = "4242"
    expires_on = dt.date(2028, 12, 31)
    gateway = "simulator"
    gateway_customer_ref = factory.Sequence(lambda n: f"customer-{n}")
    gateway_method_ref = factory.Sequence(lambda n: f"method-{n}")
    added_by = factory.SubFactory(PersonFactory)
    created_at = NOW


class PaymentFactory(RowFactory):
    """A settled payment of 100.00."""

    class Meta:
        model = Payment

    account = factory.SubFactory(AccountFactory)
    number = factory.Sequence(lambda n: f"P-{n:06}")
    method = PaymentKind.BANK_TRANSFER
    status = PaymentStatus.SETTLED
    received_on = TODAY
    currency = factory.SelfAttribute("account.currency")
    amount = 10_000
    paid_by = factory.SubFactory(PersonFactory)
    settled_at = NOW
    idempotency_key = factory.Sequence(lambda n: f"payment-{n}")
    created_at = NOW

    class Params:
        pending = factory.Trait(status=PaymentStatus.PENDING, settled_at=None)


class PaymentAllocationFactory(RowFactory):
    """A part of a payment; give ``payment=None, credit_note=…`` for one of a credit note."""

    class Meta:
        model = PaymentAllocation

    invoice = factory.SubFactory(InvoiceFactory)
    account_id = factory.SelfAttribute("invoice.account_id")
    payment = factory.SubFactory(PaymentFactory, account=factory.SelfAttribute("..invoice.account"))
    currency = factory.SelfAttribute("invoice.currency")
    amount = 4_000
    created_at = NOW


class RefundFactory(RowFactory):
    class Meta:
        model = Refund

    payment = factory.SubFactory(PaymentFactory)
    account_id = factory.SelfAttribute("payment.account_id")
    number = factory.Sequence(lambda n: f"R-{n:06}")
    currency = factory.SelfAttribute("payment.currency")
    amount = 1_000
    reason = "Paid twice"
    created_at = NOW


class PaymentAttemptFactory(RowFactory):
    class Meta:
        model = PaymentAttempt

    payment = factory.SubFactory(PaymentFactory)
    account_id = factory.SelfAttribute("payment.account_id")
    attempt = factory.Sequence(lambda n: n + 1)
    gateway = "simulator"
    outcome = AttemptOutcome.SUCCEEDED
    started_at = NOW
    finished_at = NOW
    idempotency_key = factory.Sequence(lambda n: f"attempt-{n}")


class PaymentClaimFactory(RowFactory):
    """A claim that is over; give ``released_at=None`` for one that holds its invoice."""

    class Meta:
        model = PaymentClaim

    invoice = factory.SubFactory(InvoiceFactory)
    account_id = factory.SelfAttribute("invoice.account_id")
    payment = factory.SubFactory(PaymentFactory, account=factory.SelfAttribute("..invoice.account"))
    currency = factory.SelfAttribute("invoice.currency")
    amount = 4_000
    released_at = NOW
    created_at = NOW


class GatewayEventFactory(RowFactory):
    class Meta:
        model = GatewayEvent

    gateway = "simulator"
    event_id = factory.Sequence(lambda n: f"event-{n}")
    kind = "payment.captured"
    received_at = NOW
    payload = factory.LazyFunction(dict)


class AutoTopUpFactory(RowFactory):
    class Meta:
        model = AutoTopUp

    payment_method = factory.SubFactory(PaymentMethodFactory)
    account_id = factory.SelfAttribute("payment_method.account_id")
    currency = "USD"
    threshold = 5_000
    amount = 20_000
    created_at = NOW


class CreditLimitFactory(RowFactory):
    class Meta:
        model = CreditLimit

    account = factory.SubFactory(AccountFactory)
    kind = CreditLimitKind.PERMANENT
    currency = factory.SelfAttribute("account.currency")
    amount = 100_000
    valid_from = TODAY
    created_at = NOW


class CreditReservationFactory(RowFactory):
    class Meta:
        model = CreditReservation

    account = factory.SubFactory(AccountFactory)
    currency = factory.SelfAttribute("account.currency")
    amount = 5_000
    purpose = "Order under way"
    idempotency_key = factory.Sequence(lambda n: f"reservation-{n}")
    expires_at = NOW + dt.timedelta(hours=1)
    created_at = NOW


class UnbilledChargeFactory(RowFactory):
    class Meta:
        model = UnbilledCharge

    account = factory.SubFactory(AccountFactory)
    used_on = TODAY
    description = "Calls"
    currency = factory.SelfAttribute("account.currency")
    unit_price = 1_000
    total = 1_000
    created_at = NOW


class DunningStepFactory(RowFactory):
    class Meta:
        model = DunningStep

    invoice = factory.SubFactory(InvoiceFactory)
    account_id = factory.SelfAttribute("invoice.account_id")
    step = factory.Sequence(lambda n: f"reminder_{n}")
    kind = DunningKind.REMINDER
    planned_on = TODAY
    created_at = NOW


class MonthCloseFactory(RowFactory):
    class Meta:
        model = MonthClose

    month = factory.Sequence(lambda n: f"{2000 + n // 12}-{n % 12 + 1:02}")
    closed_at = NOW


class DocumentFileFactory(RowFactory):
    class Meta:
        model = DocumentFile

    account_id = factory.LazyFunction(lambda: AccountFactory().id)
    kind = DocumentKind.INVOICE
    document_key = factory.Sequence(lambda n: f"INV-{n:06}")
    file = factory.SubFactory(FileFactory)
    created_at = NOW


class DeliveryLinkFactory(RowFactory):
    class Meta:
        model = DeliveryLink

    document_file = factory.SubFactory(DocumentFileFactory)
    account_id = factory.SelfAttribute("document_file.account_id")
    token_hash = factory.Sequence(digest_of)
    expires_at = NOW + dt.timedelta(days=30)
    created_at = NOW

"""Credit notes: what an issued invoice was too much, in part or as a whole, never more than the invoice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select, update

from domain.actor import Actor
from domain.invoices import InvoiceStatus, status_of
from domain.money import allocate, divide_rounded
from domain.postings import credit_note_issued
from domain.refusals import Refusal
from domain.sentences import Amount, Sentence
from extensions import db
from models.credit_note import CreditNote, CreditNoteLine, CreditReason
from models.document_file import DocumentKind
from models.invoice import Invoice, InvoiceLine
from models.number_series import NumberedKind
from models.payment import Payment, PaymentAllocation
from models.statement_line import StatementKind
from services.account_languages import written_for
from services.audit import record_event
from services.document_jobs import ask_for_document
from services.ledger import Entry, post
from services.locks import guarded, lock_accounts, locked, reread
from services.money_mails import tell_of_credit_note
from services.numbers import next_number
from services.orders import cancel_order, mark_order_paid
from services.paying.claims import refuse_while_claimed
from services.statements import NewLine, write_statement_line


class InvoiceNotCreditable(Refusal):
    message = "Only an issued invoice can be credited, and not one that was voided."


class CreditNotPositive(Refusal):
    message = "Enter an amount above zero."


class CreditAboveInvoice(Refusal):
    """More is to be credited than the invoice has left."""

    def __init__(self, left: int, currency: str) -> None:
        self.left = left
        super().__init__(
            Sentence(
                "Of this invoice %(left)s are not credited yet. Enter no more than that.", left=Amount(left, currency)
            )
            if left
            else "This invoice is credited as a whole already."
        )


def issue_credit_note(
    invoice: Invoice,
    *,
    reason: CreditReason,
    actor: Actor,
    now: dt.datetime,
    amount: int | None = None,
    of: Sequence[InvoiceLine] = (),
    description: str = "",
    remark: str | None = None,
) -> CreditNote:
    """Credit an amount (tax included) of an invoice, or lines ``of`` it as far as they are left, or all that is left.

    What is still due becomes less first. What goes beyond takes back payments, the newest first: their money is balance
    again. Refused: InvoiceNotCreditable, CreditNotPositive, CreditAboveInvoice, PaymentUnderWay while somebody pays it.
    """
    locked(invoice)
    refuse_while_claimed(invoice)
    if invoice.status in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
        raise InvoiceNotCreditable
    left = invoice.total - invoice.amount_credited
    if of:
        amount = left_of(invoice, of)
    amount = left if amount is None else amount
    if amount > left or not left:
        raise CreditAboveInvoice(left, invoice.currency)
    if amount <= 0:
        raise CreditNotPositive
    due, before = invoice.amount_due, {"status": invoice.status, "amount_credited": invoice.amount_credited}
    released = _release(invoice, max(0, amount - due), now)
    lock_accounts([invoice.account_id])
    lines = _lines_left(invoice, of) if of else _lines(invoice, amount)
    note = _write(invoice, lines, reason, description or _credit_for(invoice), remark, now)
    _credit(invoice, amount, released, actor, now)
    entry = Entry(
        event="credit_note.issued",
        description=f"Credit note {note.number} for invoice {invoice.number}",
        transfers=credit_note_issued(note.net_total, note.tax_total, open_amount=due),
        account_id=invoice.account_id,
        currency=invoice.currency,
        document_kind="credit_note",
        document_key=note.number,
    )
    post(entry, actor=actor, now=now)
    line = NewLine(
        account_id=invoice.account_id,
        kind=StatementKind.CREDIT_NOTE,
        amount=amount,
        currency=invoice.currency,
        document_number=note.number,
        description=Sentence("Credit note %(number)s: %(what)s", number=note.number, what=note.description),
        booked_on=now.date(),
    )
    write_statement_line(line, now=now)
    after = {"total": amount, "currency": note.currency, "invoice": invoice.number, "reason": reason}
    ask_for_document(DocumentKind.CREDIT_NOTE, note.number, now=now)
    tell_of_credit_note(note, invoice, now=now)
    record_event("credit_note.issued", note, actor=actor, now=now, after=after)
    after = {"status": invoice.status, "amount_credited": invoice.amount_credited, "credit_note": note.number}
    record_event("credit_note.issued", invoice, actor=actor, now=now, before=before, after=after)
    return note


def _credit_for(invoice: Invoice) -> Sentence:
    return Sentence("Credit for invoice %(number)s", number=invoice.number)


def left_of(invoice: Invoice, lines: Sequence[InvoiceLine]) -> int:
    """What of these lines of an invoice, tax included, may still be credited."""
    return sum(line.total for line in _lines_left(invoice, lines))


def _release(invoice: Invoice, amount: int, now: dt.datetime) -> int:
    """Take back so much of what payments settled, the newest first; give the amount."""
    settled = (
        select(PaymentAllocation)
        .where(
            PaymentAllocation.invoice_id == invoice.id,
            PaymentAllocation.payment_id.is_not(None),
            PaymentAllocation.amount_reversed < PaymentAllocation.amount,
        )
        .order_by(PaymentAllocation.id.desc())
    )
    left = amount
    for allocation in db.session.scalars(settled.execution_options(populate_existing=True)).all():
        part = min(left, allocation.amount - allocation.amount_reversed)
        if not part:
            break
        taken_back = PaymentAllocation.amount_reversed + part
        reversal = update(PaymentAllocation).where(
            PaymentAllocation.id == allocation.id, taken_back <= PaymentAllocation.amount
        )
        freed = update(Payment).where(Payment.id == allocation.payment_id, Payment.amount_allocated >= part)
        if not (
            guarded(reversal.values(amount_reversed=taken_back, reversed_at=now))
            and guarded(freed.values(amount_allocated=Payment.amount_allocated - part, version=Payment.version + 1))
        ):
            raise CreditAboveInvoice(invoice.total - invoice.amount_credited - amount + left, invoice.currency)
        left -= part
    return amount - left


def _credit(invoice: Invoice, amount: int, released: int, actor: Actor, now: dt.datetime) -> None:
    """Lower what the invoice asks for, guarded by what it was a moment ago; its order is paid now, or called off."""
    paid, credited = invoice.amount_paid - released, invoice.amount_credited + amount
    status = status_of(total=invoice.total, paid=paid, credited=credited)
    changed = (
        update(Invoice)
        .where(
            Invoice.id == invoice.id,
            Invoice.amount_paid == invoice.amount_paid,
            Invoice.amount_credited == invoice.amount_credited,
            Invoice.amount_credited + amount <= Invoice.total,
        )
        .values(
            amount_paid=paid,
            amount_credited=credited,
            amount_due=invoice.total - paid - credited,
            status=status,
            version=Invoice.version + 1,
        )
    )
    if not guarded(changed):
        raise CreditAboveInvoice(invoice.total - invoice.amount_credited, invoice.currency)
    reread(invoice)
    if invoice.amount_credited == invoice.total:
        cancel_order(invoice.order_id, actor=actor, now=now)
    elif invoice.status is InvoiceStatus.PAID:
        mark_order_paid(invoice, now=now)


def _write(
    invoice: Invoice,
    lines: list[CreditNoteLine],
    reason: CreditReason,
    description: str,
    remark: str | None,
    now: dt.datetime,
) -> CreditNote:
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    note = CreditNote(
        account_id=invoice.account_id,
        number=next_number(NumberedKind.CREDIT_NOTE, now=now),
        invoice_id=invoice.id,
        order_id=invoice.order_id,
        reason=reason,
        issued_on=now.date(),
        description=written_for(invoice.account_id, description),
        currency=invoice.currency,
        net_total=net,
        tax_total=tax,
        total=net + tax,
        amount_allocated=net + tax,
        billing=invoice.billing,
        remark=remark,
        created_at=now,
    )
    db.session.add(note)
    db.session.flush()
    for position, line in enumerate(lines, start=1):
        line.credit_note_id, line.position = note.id, position
        db.session.add(line)
    db.session.add(
        PaymentAllocation(
            account_id=invoice.account_id,
            credit_note_id=note.id,
            invoice_id=invoice.id,
            currency=invoice.currency,
            amount=note.total,
            created_at=now,
        )
    )
    db.session.flush()
    return note


def _lines(invoice: Invoice, amount: int) -> list[CreditNoteLine]:
    """A whole invoice is credited line by line; a part of it by tax rate, each in proportion to what is left of it."""
    if amount == invoice.total:
        found = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
        return [_line(invoice, line.net, line.tax, line.tax_rate, line) for line in db.session.scalars(found)]
    left = _left_by_rate(invoice)
    parts = allocate(amount, [max(0, net + tax) for net, tax in left.values()])
    lines = []
    for (rate, (net, tax)), part in zip(left.items(), parts, strict=True):
        if part:
            part_tax = tax if part == net + tax else divide_rounded(part * tax, net + tax)
            lines.append(_line(invoice, part - part_tax, part_tax, rate))
    return lines


def _lines_left(invoice: Invoice, of: Sequence[InvoiceLine]) -> list[CreditNoteLine]:
    """Lines of an invoice as they stand there, or of those of a rate what is left of the rate, where that is less."""
    lines = []
    for rate, (net, tax) in _left_by_rate(invoice).items():
        whole = [_line(invoice, line.net, line.tax, rate, line) for line in of if line.tax_rate == rate]
        if not whole:
            continue
        if sum(line.net for line in whole) <= net and sum(line.tax for line in whole) <= tax:
            lines += [line for line in whole if line.total]
        elif net + tax > 0:
            lines.append(_line(invoice, net, tax, rate))
    return lines


def _left_by_rate(invoice: Invoice) -> dict[int, tuple[int, int]]:
    """Net and tax of the invoice by tax rate, less what was credited before."""
    asked = (
        select(InvoiceLine.tax_rate, func.sum(InvoiceLine.net), func.sum(InvoiceLine.tax))
        .where(InvoiceLine.invoice_id == invoice.id)
        .group_by(InvoiceLine.tax_rate)
    )
    credited = (
        select(CreditNoteLine.tax_rate, func.sum(CreditNoteLine.net), func.sum(CreditNoteLine.tax))
        .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
        .where(CreditNote.invoice_id == invoice.id)
        .group_by(CreditNoteLine.tax_rate)
    )
    left = {rate: (int(net), int(tax)) for rate, net, tax in db.session.execute(asked)}
    for rate, net, tax in db.session.execute(credited):
        left[rate] = left[rate][0] - int(net), left[rate][1] - int(tax)
    return dict(sorted(left.items(), reverse=True))


def _line(invoice: Invoice, net: int, tax: int, rate: int, of: InvoiceLine | None = None) -> CreditNoteLine:
    return CreditNoteLine(
        account_id=invoice.account_id,
        invoice_line_id=None if of is None else of.id,
        description=of.description if of is not None else written_for(invoice.account_id, _credit_for(invoice)),
        quantity=of.quantity if of is not None else 1,
        currency=invoice.currency,
        net=net,
        tax_rate=rate,
        tax=tax,
        total=net + tax,
        explanation={"invoice": invoice.number},
    )

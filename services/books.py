"""The books: what must always be true of them, checked against the rows as they are, each breach with its row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import and_, case, func, or_, select, union_all

from domain.invoices import InvoiceStatus
from domain.numbering import format_number, missing_counters
from domain.postings import CUSTOMER_LEDGER_KINDS
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.credit_note import CreditNote, CreditNoteLine
from models.invoice import Invoice, InvoiceLine, InvoiceTax
from models.item_transfer import ItemTransfer, ItemTransferLine, TransferDirection
from models.ledger import LedgerAccount, LedgerPosting
from models.number_series import NumberedKind, NumberSeries
from models.payment import Payment, PaymentAllocation, PaymentKind, Refund, RefundStatus
from models.statement_line import StatementKind, StatementLine
from services.books_credit import overdrawn_balances, wrongly_charged, wrongly_reserved

MOST_FINDINGS: Final = 20
"""Of one invariant: who repairs the first ones looks again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach: of which invariant, and at which row (its table, and the key in its address)."""

    invariant: str
    table: str
    key: str
    detail: Sentence


def check_books() -> list[Finding]:
    """Check every invariant; nothing found means that the books are right."""
    return [finding for name in INVARIANTS for finding in check_invariant(name)]


def check_invariant(name: str) -> list[Finding]:
    """The first breaches of one of INVARIANTS."""
    return [Finding(name, table, key, detail) for table, key, detail in _CHECKS[name]()]


_Breach = tuple[str, str, Sentence]


def _ledger_sums_to_zero() -> Iterator[_Breach]:
    total = func.sum(LedgerAccount.balance)
    found = select(LedgerAccount.currency, total).group_by(LedgerAccount.currency).having(total != 0)
    for currency, balance in _first(found):
        yield (
            "ledger_account",
            currency,
            Sentence("the pots in %(currency)s come to %(balance)s", currency=currency, balance=str(balance)),
        )


def _balances_are_sums_of_postings() -> Iterator[_Breach]:
    moves = union_all(
        select(LedgerPosting.credit_account_id.label("pot"), LedgerPosting.amount.label("amount")),
        select(LedgerPosting.debit_account_id, -LedgerPosting.amount),
    ).subquery()
    posted = select(moves.c.pot, func.sum(moves.c.amount).label("amount")).group_by(moves.c.pot).subquery()
    found = (
        select(LedgerAccount.kind, LedgerAccount.currency, Account.client_id, LedgerAccount.balance, posted.c.amount)
        .outerjoin(posted, posted.c.pot == LedgerAccount.id)
        .outerjoin(Account, Account.id == LedgerAccount.account_id)
        .where(LedgerAccount.balance != func.coalesce(posted.c.amount, 0))
        .order_by(LedgerAccount.id)
    )
    for kind, currency, client_id, balance, amount in _first(found):
        key = f"{client_id}/{kind.value}" if client_id else f"{kind.value}/{currency}"
        yield (
            "ledger_account",
            key,
            Sentence(
                "the balance is %(balance)s, its postings come to %(amount)s",
                balance=str(balance),
                amount=str(amount or 0),
            ),
        )


def _lines_and_tax_make_the_total() -> Iterator[_Breach]:
    for document, line, owner in ((Invoice, InvoiceLine, "invoice_id"), (CreditNote, CreditNoteLine, "credit_note_id")):
        of = getattr(line, owner)
        sums = select(of.label("id"), func.sum(line.net).label("net"), func.sum(line.tax).label("tax")).group_by(of)
        yield from _differing_totals(document, sums, Sentence("lines"))
    taxes = select(
        InvoiceTax.invoice_id.label("id"), func.sum(InvoiceTax.net).label("net"), func.sum(InvoiceTax.tax).label("tax")
    ).group_by(InvoiceTax.invoice_id)
    yield from _differing_totals(Invoice, taxes, Sentence("tax breakdown"), only_rows=True)


def _differing_totals(document: Any, sums: Any, what: Sentence, *, only_rows: bool = False) -> Iterator[_Breach]:
    parts = sums.subquery()
    found = (
        select(document.number, document.net_total, document.tax_total, parts.c.net, parts.c.tax)
        .join(parts, parts.c.id == document.id, isouter=not only_rows)
        .where(
            or_(
                document.net_total != func.coalesce(parts.c.net, 0),
                document.tax_total != func.coalesce(parts.c.tax, 0),
            )
        )
        .order_by(document.id)
    )
    for number, net, tax, part_net, part_tax in _first(found):
        detail = Sentence(
            "net %(net)s and tax %(tax)s, but the %(what)s come to %(part_net)s and %(part_tax)s",
            net=str(net),
            tax=str(tax),
            what=what,
            part_net=str(part_net or 0),
            part_tax=str(part_tax or 0),
        )
        yield document.__tablename__, number, detail


def _allocations_are_within_their_source() -> Iterator[_Breach]:
    for source, of, most in (
        (Payment, PaymentAllocation.payment_id, Payment.amount - Payment.amount_refunded),
        (CreditNote, PaymentAllocation.credit_note_id, CreditNote.total),
    ):
        allocated = _allocated(of)
        in_force = func.coalesce(allocated.c.amount, 0)
        found = (
            select(source.number, source.amount_allocated, in_force)
            .outerjoin(allocated, allocated.c.id == source.id)
            .where(or_(in_force > most, in_force != source.amount_allocated))
            .order_by(source.id)
        )
        for number, kept, amount in _first(found):
            yield (
                source.__tablename__,
                number,
                Sentence(
                    "%(kept)s are said to be allocated, the allocations come to %(amount)s",
                    kept=str(kept),
                    amount=str(amount),
                ),
            )


def _amounts_due_follow_from_allocations() -> Iterator[_Breach]:
    in_force = PaymentAllocation.amount - PaymentAllocation.amount_reversed
    by_payments = func.sum(case((PaymentAllocation.payment_id.is_not(None), in_force), else_=0))
    by_credits = func.sum(case((PaymentAllocation.credit_note_id.is_not(None), in_force), else_=0))
    sums = (
        select(PaymentAllocation.invoice_id.label("id"), by_payments.label("paid"), by_credits.label("credited"))
        .group_by(PaymentAllocation.invoice_id)
        .subquery()
    )
    found = (
        select(Invoice.number, Invoice.amount_paid, Invoice.amount_credited, sums.c.paid, sums.c.credited)
        .outerjoin(sums, sums.c.id == Invoice.id)
        .where(
            or_(
                Invoice.amount_paid != func.coalesce(sums.c.paid, 0),
                Invoice.amount_credited != func.coalesce(sums.c.credited, 0),
            )
        )
        .order_by(Invoice.id)
    )
    for number, paid, credited, sum_paid, sum_credited in _first(found):
        detail = Sentence(
            "paid %(paid)s and credited %(credited)s, allocations say %(sum_paid)s and %(sum_credited)s",
            paid=str(paid),
            credited=str(credited),
            sum_paid=str(sum_paid or 0),
            sum_credited=str(sum_credited or 0),
        )
        yield "invoice", number, detail


def _statements_are_their_documents() -> Iterator[_Breach]:
    for kind, document, amount, counts in _DOCUMENTS:
        documents = select(document.account_id, func.sum(amount).label("amount")).where(counts)
        asked = documents.group_by(document.account_id).subquery()
        lines = select(StatementLine.account_id, func.sum(StatementLine.amount).label("amount"))
        told = lines.where(StatementLine.kind == kind).group_by(StatementLine.account_id).subquery()
        on_paper, on_statement = func.coalesce(asked.c.amount, 0), func.coalesce(told.c.amount, 0)
        found = (
            select(Account.client_id, on_paper, on_statement)
            .outerjoin(asked, asked.c.account_id == Account.id)
            .outerjoin(told, told.c.account_id == Account.id)
            .where(on_paper != on_statement)
            .order_by(Account.id)
        )
        for client_id, papers, statement in _first(found):
            words = kind.value.replace("_", " ")
            yield (
                "account",
                client_id,
                Sentence(
                    "documents (%(words)s) come to %(papers)s, the statement says %(statement)s",
                    words=words,
                    papers=str(papers),
                    statement=str(statement),
                ),
            )


def _statements_close_with_the_position() -> Iterator[_Breach]:
    lines = (
        select(
            StatementLine.account_id,
            func.sum(StatementLine.amount).label("amount"),
            func.max(StatementLine.sequence).label("last"),
            func.count().label("lines"),
        )
        .group_by(StatementLine.account_id)
        .subquery()
    )
    of_customer = LedgerAccount.kind.in_(sorted(CUSTOMER_LEDGER_KINDS))
    pots = (
        select(LedgerAccount.account_id, func.sum(LedgerAccount.balance).label("amount"))
        .where(of_customer)
        .group_by(LedgerAccount.account_id)
        .subquery()
    )
    closing = StatementLine.balance_after
    amount, position = func.coalesce(lines.c.amount, 0), func.coalesce(pots.c.amount, 0)
    found = (
        select(Account.client_id, amount, func.coalesce(closing, 0), position)
        .outerjoin(lines, lines.c.account_id == Account.id)
        .outerjoin(pots, pots.c.account_id == Account.id)
        .outerjoin(StatementLine, and_(StatementLine.account_id == Account.id, StatementLine.sequence == lines.c.last))
        .where(or_(amount != func.coalesce(closing, 0), amount != position, lines.c.last != lines.c.lines))
        .order_by(Account.id)
    )
    for client_id, total, last, held in _first(found):
        detail = Sentence(
            "the lines come to %(total)s, the last one says %(last)s, and the pots hold %(held)s",
            total=str(total),
            last=str(last),
            held=str(held),
        )
        yield "account", client_id, detail


def _numbers_have_no_gaps() -> Iterator[_Breach]:
    series = select(NumberSeries).where(NumberSeries.kind.in_(list(_NUMBERED))).order_by(NumberSeries.id)
    for row in db.session.scalars(series):
        number = _NUMBERED[row.kind]
        stem = format_number(row.prefix, 1, year=row.year, digits=1)[:-1]
        given = select(func.count()).where(number.like(f"{stem}%"))
        if db.session.scalar(given) == row.next_number - 1:
            continue
        wanted = re.compile(re.escape(stem) + r"(\d+)")
        numbers = db.session.scalars(select(number).where(number.like(f"{stem}%")).execution_options(yield_per=1000))
        counters = [int(found[1]) for text in numbers if (found := wanted.fullmatch(text))]
        missing = missing_counters([*counters, row.next_number])
        for counter in missing[:MOST_FINDINGS]:
            lost = format_number(row.prefix, counter, year=row.year, digits=row.digits)
            yield number.class_.__tablename__, lost, Sentence("this number was given to nobody")
        beyond = [counter for counter in counters if counter >= row.next_number]
        if beyond and not missing:
            next_one = format_number(row.prefix, row.next_number, year=row.year, digits=row.digits)
            yield (
                number.class_.__tablename__,
                next_one,
                Sentence("%(many)s numbers are taken before they were given", many=str(len(beyond))),
            )


def _transfers_keep_totals() -> Iterator[_Breach]:
    change = case(
        (ItemTransferLine.direction == TransferDirection.GIVEN, ItemTransferLine.quantity),
        else_=-ItemTransferLine.quantity,
    )
    found = (
        select(ItemTransfer.public_id, func.sum(change))
        .join(ItemTransferLine, ItemTransferLine.transfer_id == ItemTransfer.id)
        .group_by(ItemTransfer.id, ItemTransfer.public_id, ItemTransferLine.product_id)
        .having(func.sum(change) != 0)
        .order_by(ItemTransfer.id)
    )
    for public_id, difference in _first(found):
        yield "item_transfer", public_id, Sentence("%(difference)s more arrived than left", difference=str(difference))


def _allocated(of: Any) -> Any:
    """What is allocated out of each source, less what was taken back."""
    in_force = func.sum(PaymentAllocation.amount - PaymentAllocation.amount_reversed)
    return select(of.label("id"), in_force.label("amount")).where(of.is_not(None)).group_by(of).subquery()


def _first(found: Any) -> Any:
    return db.session.execute(found.limit(MOST_FINDINGS)).all()


_DOCUMENTS: Final[tuple[tuple[StatementKind, Any, Any, Any], ...]] = (
    (StatementKind.INVOICE, Invoice, -Invoice.total, Invoice.status != InvoiceStatus.DRAFT),
    (StatementKind.INVOICE_VOIDED, Invoice, Invoice.total, Invoice.status == InvoiceStatus.VOID),
    (StatementKind.CREDIT_NOTE, CreditNote, CreditNote.total, CreditNote.id.is_not(None)),
    # Paying from the balance moves money between two pots of the same account: its line has the amount 0.
    (
        StatementKind.PAYMENT,
        Payment,
        Payment.amount,
        and_(Payment.settled_at.is_not(None), Payment.method != PaymentKind.BALANCE),
    ),
    (StatementKind.REFUND, Refund, -Refund.amount, Refund.status != RefundStatus.FAILED),
)

_NUMBERED: Final[MappingProxyType[NumberedKind, Any]] = MappingProxyType(
    {
        NumberedKind.INVOICE: Invoice.number,
        NumberedKind.CREDIT_NOTE: CreditNote.number,
        NumberedKind.PAYMENT: Payment.number,
        NumberedKind.REFUND: Refund.number,
    }
)

_CHECKS: Final[MappingProxyType[str, Callable[[], Iterator[_Breach]]]] = MappingProxyType(
    {
        "The ledger sums to zero": _ledger_sums_to_zero,
        "Balances are the sums of their postings": _balances_are_sums_of_postings,
        "Lines and tax make the total": _lines_and_tax_make_the_total,
        "Allocations are within what was paid or credited": _allocations_are_within_their_source,
        "Amounts due follow from the allocations": _amounts_due_follow_from_allocations,
        "Statements are the sum of the documents": _statements_are_their_documents,
        "Statements close with the account's position": _statements_close_with_the_position,
        "Balances are within their credit limits": lambda: islice(overdrawn_balances(), MOST_FINDINGS),
        "Reserved credit is what is held": lambda: islice(wrongly_reserved(), MOST_FINDINGS),
        "Orders on credit are what they are charged": lambda: islice(wrongly_charged(), MOST_FINDINGS),
        "Numbers have no gaps": _numbers_have_no_gaps,
        "Transfers keep the totals": _transfers_keep_totals,
    }
)

INVARIANTS: Final = tuple(_CHECKS)
"""The names of what is checked, in the order of the books page."""

"""What postpaid accounts used: kept until the month is over, then billed as one invoice (SPEC D14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, select, update

from domain.actor import Actor
from domain.periods import month_of
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.credit import UnbilledCharge
from models.invoice import Invoice, InvoiceLine
from models.order import Order
from services.account_languages import written_for
from services.audit import record_event
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice, totals_of
from services.locks import lock_accounts, reread, rows_changed

SHOWN: Final = 100
_AT_ONCE: Final = 200
_AS_BILLED: Final = (UnbilledCharge.used_on, UnbilledCharge.id)


class ChargesBilledMeanwhile(RuntimeError):
    """Somebody billed the same charges without locking the account: a mistake of the program's."""


def keep_unbilled(
    account: Account, lines: Sequence[InvoiceLineValues], *, now: dt.datetime, order: Order | None = None
) -> list[UnbilledCharge]:
    """Keep lines for the next invoice of the account, with the order they are of, if there is one.

    Whoever calls has taken the credit. Together they come to what an invoice over them would: the tax is rounded once
    and shared as there.
    """
    taxes = totals_of(lines).line_taxes
    charges = [
        UnbilledCharge(
            account_id=account.id,
            order_id=order.id if order is not None else None,
            used_on=now.date(),
            description=written_for(account.id, line.description),
            currency=account.currency,
            unit_price=line.unit_price,
            quantity=line.quantity,
            total=line.net + tax,
            tax_rate=line.tax_rate,
            tax_name=line.tax_name,
            treatment=line.treatment,
            tax_rule_id=line.tax_rule_id,
            product_id=line.product_id,
            subscription_id=line.subscription_id,
            period_from=line.period_from,
            period_to=line.period_to,
            explanation=line.explanation,
            created_at=now,
        )
        for line, tax in zip(lines, taxes, strict=True)
    ]
    db.session.add_all(charges)
    db.session.flush()
    return charges


def bill_unbilled(account: Account, *, actor: Actor, now: dt.datetime, before: dt.date | None = None) -> Invoice | None:
    """Issue one invoice for what was used before a day, or for all of it; None when there is nothing.

    The limit of a postpaid account holds for what is unbilled, so it begins anew with this.
    """
    lock_accounts([account.id])
    waiting = [UnbilledCharge.account_id == account.id, UnbilledCharge.is_unbilled]
    if before is not None:
        waiting.append(UnbilledCharge.used_on < before)
    found = select(UnbilledCharge).where(*waiting).order_by(*_AS_BILLED)
    charges = db.session.scalars(found).all()
    if not charges:
        return None
    first, last = charges[0].used_on, charges[-1].used_on
    words = Sentence("Used %(first)s to %(last)s", first=first, last=last)
    if first == last:
        words = Sentence("Used %(day)s", day=first)
    invoice = create_invoice(account, [_line(each) for each in charges], description=words, actor=actor, now=now)
    if rows_changed(update(UnbilledCharge).where(*waiting).values(invoice_id=invoice.id)) != len(charges):
        raise ChargesBilledMeanwhile
    return issue_invoice(invoice, actor=actor, now=now)


def charges_in_force(*which: ColumnElement[bool]) -> list[UnbilledCharge]:
    """Charges, billed or not, that were not taken off, read anew in the order in which they are billed."""
    found = select(UnbilledCharge).where(UnbilledCharge.taken_off_at.is_(None), *which).order_by(*_AS_BILLED)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def charges_of_order(order_id: int) -> Sequence[tuple[UnbilledCharge, str | None]]:
    """Every charge of an order with the number of the invoice that has it, as far as one has."""
    found = (
        select(UnbilledCharge, Invoice.number)
        .outerjoin(Invoice, Invoice.id == UnbilledCharge.invoice_id)
        .where(UnbilledCharge.order_id == order_id)
        .order_by(UnbilledCharge.id)
        .limit(SHOWN)
    )
    return [(charge, number) for charge, number in db.session.execute(found)]


def take_off(charges: Sequence[UnbilledCharge], *, reason: str, actor: Actor, now: dt.datetime) -> None:
    """Take charges off the next invoice: they are not owed, and their credit is usable again. The account is locked."""
    if not charges:
        return
    ids = [each.id for each in charges]
    waiting = update(UnbilledCharge).where(UnbilledCharge.id.in_(ids), UnbilledCharge.is_unbilled)
    if rows_changed(waiting.values(taken_off_at=now)) != len(ids):
        raise ChargesBilledMeanwhile
    for charge in charges:
        reread(charge)
        after = {"amount": charge.total, "currency": charge.currency, "reason": reason}
        record_event("unbilled_charge.taken_off", charge, actor=actor, now=now, after=after)


def billed_lines(charges: Sequence[UnbilledCharge]) -> dict[int, list[InvoiceLine]]:
    """The lines of invoices that charges became, by the invoice's row number. Charges that are not billed have none."""
    wanted = {each.id for each in charges}
    found: dict[int, list[InvoiceLine]] = {}
    for invoice_id in sorted({each.invoice_id for each in charges if each.invoice_id is not None}):
        lines = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.position)
        of_bill = zip(
            charges_in_force(UnbilledCharge.invoice_id == invoice_id), db.session.scalars(lines).all(), strict=True
        )
        found[invoice_id] = [line for charge, line in of_bill if charge.id in wanted]
    return found


def unbilled_charges(account_id: int) -> Sequence[UnbilledCharge]:
    """What an account used and was not billed for, the newest first, as far as a page shows it."""
    found = select(UnbilledCharge).where(UnbilledCharge.account_id == account_id, UnbilledCharge.is_unbilled)
    return db.session.scalars(
        found.order_by(UnbilledCharge.used_on.desc(), UnbilledCharge.id.desc()).limit(SHOWN)
    ).all()


def accounts_to_bill(*, today: dt.date) -> Sequence[int]:
    """Some accounts that used something in a month that is over and were not billed for it, by row numbers."""
    waiting = select(UnbilledCharge.account_id).where(
        UnbilledCharge.is_unbilled, UnbilledCharge.used_on < month_of(today).first
    )
    return db.session.scalars(waiting.distinct().order_by(UnbilledCharge.account_id).limit(_AT_ONCE)).all()


def bill_month(account_id: int, *, actor: Actor, now: dt.datetime) -> Invoice | None:
    """Bill an account for the months that are over; None when somebody did it meanwhile."""
    account = db.session.get_one(Account, account_id)
    return bill_unbilled(account, actor=actor, now=now, before=month_of(now.date()).first)


def _line(charge: UnbilledCharge) -> InvoiceLineValues:
    return InvoiceLineValues(
        description=charge.description,
        unit_price=charge.unit_price,
        quantity=charge.quantity,
        tax_rate=charge.tax_rate,
        tax_name=charge.tax_name,
        treatment=charge.treatment,
        tax_rule_id=charge.tax_rule_id,
        product_id=charge.product_id,
        subscription_id=charge.subscription_id,
        period_from=charge.period_from,
        period_to=charge.period_to,
        explanation=charge.explanation,
    )

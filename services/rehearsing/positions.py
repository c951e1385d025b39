"""How accounts stand at this moment, read for a rehearsal: some hundred accounts by a handful of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Select, extract, func, or_, select

from domain.credit import GrantedLimit, limit_on
from domain.dunning import StepKind
from domain.invoices import PAYABLE_STATUSES
from domain.postings import CUSTOMER_LEDGER_KINDS, LedgerAccountKind
from domain.refusals import Refusal
from domain.rehearsal import Debt, Position, TopUp
from domain.top_ups import MOST_FAILURES
from domain.totals import LineAmount
from extensions import db
from gateways.registry import Gateways
from models.account import Account, AccountStatus, PaymentMode, SuspensionCause
from models.credit import CreditLimit, UnbilledCharge
from models.dunning_step import DunningStep
from models.invoice import Invoice
from models.ledger import LedgerAccount
from models.payment import UNDER_WAY, Payment, PaymentStatus
from models.payment_claim import PaymentClaim
from models.payment_method import AutoTopUp, PaymentMethod
from services.allocations import OLDEST_FIRST
from services.auto_top_up import PREFIX
from services.paying.intents import Wanted, check_way
from services.paying.offers import STORED_MEANS
from services.rehearsing.renewals import Troubles, renewals_of

AT_ONCE: Final = 500


@dataclass(slots=True)
class _Money:
    """What is known of the money of some accounts, by the account's row number."""

    debts: dict[int, list[Debt]] = field(default_factory=dict)
    funds: dict[tuple[int, str], int] = field(default_factory=dict)
    reserved: dict[tuple[int, str], int] = field(default_factory=dict)
    set_aside: dict[tuple[int, str], int] = field(default_factory=dict)  # of all pots, not of the funds alone
    limits: dict[int, list[GrantedLimit]] = field(default_factory=dict)
    unbilled: dict[int, dict[dt.date, list[LineAmount]]] = field(default_factory=dict)
    defaults: dict[int, PaymentMethod] = field(default_factory=dict)
    rules: dict[int, tuple[AutoTopUp, PaymentMethod]] = field(default_factory=dict)
    tries: dict[int, list[PaymentStatus]] = field(default_factory=dict)


def positions(
    gateways: Gateways, *, now: dt.datetime, until: dt.date, troubles: Troubles
) -> Iterator[list[tuple[Account, Position]]]:
    """All accounts with how they stand, some hundred at a time. Use what is given before asking for more."""
    after = 0
    while True:
        page = select(Account).where(Account.id > after).order_by(Account.id).limit(AT_ONCE)
        accounts = db.session.scalars(page).all()
        if not accounts:
            return
        after = accounts[-1].id
        money = _money(accounts)
        debts = {debt.id: debt for debts in money.debts.values() for debt in debts}
        renewals = renewals_of(accounts, debts, now=now, until=until, troubles=troubles)
        yield [(account, _position(account, money, renewals.get(account.id, []), gateways)) for account in accounts]
        db.session.expunge_all()  # so that memory does not grow with the number of accounts


def _position(account: Account, money: _Money, renewals: list[Any], gateways: Gateways) -> Position:
    method = money.defaults.get(account.id)
    rule, rule_method = money.rules.get(account.id, (None, None))
    tries = money.tries.get(account.id, [])
    return Position(
        funds=money.funds.get((account.id, account.currency), 0),
        active=account.can_suspend,
        suspended_for_debt=(
            account.status is AccountStatus.SUSPENDED and account.suspension_cause is SuspensionCause.DEBT
        ),
        debts=money.debts.get(account.id, []),
        renewals=renewals,
        top_up=TopUp(
            rule.threshold,
            rule.amount,
            rule.last_run_at,
            [status is PaymentStatus.FAILED for status in tries],
            any(status in UNDER_WAY for status in tries),
        )
        if rule is not None
        else None,
        has_method=method is not None and method.kind in STORED_MEANS,
        may_charge=_asks(account, method, gateways),
        may_top_up=_asks(account, rule_method, gateways),
        overdraft=_overdraft(account, money),
        unbilled=money.unbilled.get(account.id, {}),
        limit=_limit(account, money) if account.payment_mode is PaymentMode.POSTPAID else None,
    )


def _overdraft(account: Account, money: _Money) -> Callable[[dt.date], int]:
    """How far below zero a renewal may take the balance on a day (services/usable_credit.py)."""
    reserved = money.reserved.get((account.id, account.currency), 0)
    limits = money.limits.get(account.id, []) if account.payment_mode is PaymentMode.PREPAID else []
    return lambda day: limit_on(day, limits) - reserved


def _limit(account: Account, money: _Money) -> Callable[[dt.date], int]:
    """What a postpaid account may put on its next invoice when nothing is due or unbilled; what is reserved is not."""
    reserved, limits = money.set_aside.get((account.id, account.currency), 0), money.limits.get(account.id, [])
    return lambda day: limit_on(day, limits) - reserved


def _asks(account: Account, method: PaymentMethod | None, gateways: Gateways) -> Callable[[dt.datetime], bool]:
    """Whether a payment by the method would be begun at a moment, by the check that begins one."""

    def ask(at: dt.datetime) -> bool:
        means = STORED_MEANS.get(method.kind) if method is not None else None
        if method is None or means is None:
            return False
        try:
            check_way(account, Wanted(means, method.gateway, "rehearsal", method=method), gateways, now=at)
        except Refusal:
            return False
        return True

    return ask


def _money(accounts: Sequence[Account]) -> _Money:
    ids = [account.id for account in accounts]
    found = _Money(debts=_debts(ids))
    pots = select(LedgerAccount).where(
        LedgerAccount.account_id.in_(ids), LedgerAccount.kind.in_(sorted(CUSTOMER_LEDGER_KINDS))
    )
    for pot in db.session.scalars(pots):
        place = (pot.account_id or 0, pot.currency)
        found.set_aside[place] = found.set_aside.get(place, 0) + pot.reserved
        if pot.kind is LedgerAccountKind.FUNDS:
            found.funds[place], found.reserved[place] = pot.balance, pot.reserved
    _read_credit(ids, found)
    rules = db.session.scalars(
        select(AutoTopUp).where(AutoTopUp.account_id.in_(ids), AutoTopUp.is_enabled.is_(True))
    ).all()
    of_rules = [rule.payment_method_id for rule in rules]
    methods = db.session.scalars(
        select(PaymentMethod).where(
            PaymentMethod.account_id.in_(ids), or_(PaymentMethod.is_default.is_(True), PaymentMethod.id.in_(of_rules))
        )
    ).all()
    by_id = {method.id: method for method in methods}
    found.defaults = {method.account_id: method for method in methods if method.is_default}
    found.rules = {rule.account_id: (rule, by_id[rule.payment_method_id]) for rule in rules}
    if rules:
        for key, status in db.session.execute(_last_tries(list(found.rules))):
            found.tries.setdefault(key, []).append(status)
    return found


def _read_credit(ids: list[int], found: _Money) -> None:
    """Limits, and what was used and not billed yet: of each month one line for each treatment and rate."""
    granted = select(CreditLimit).where(CreditLimit.account_id.in_(ids), CreditLimit.withdrawn_at.is_(None))
    for each in db.session.scalars(granted):
        limit = GrantedLimit(each.amount, each.valid_from, each.valid_to)
        found.limits.setdefault(each.account_id, []).append(limit)
    year, month = extract("year", UnbilledCharge.used_on), extract("month", UnbilledCharge.used_on)
    alike = (UnbilledCharge.account_id, year, month, UnbilledCharge.treatment, UnbilledCharge.tax_rate)
    net = func.sum(UnbilledCharge.unit_price * UnbilledCharge.quantity)
    used = select(*alike, net).where(UnbilledCharge.account_id.in_(ids), UnbilledCharge.is_unbilled)
    for key, in_year, in_month, treatment, rate, amount in db.session.execute(used.group_by(*alike)):
        months = found.unbilled.setdefault(key, {})
        lines = months.setdefault(dt.date(int(in_year), int(in_month), 1), [])
        lines.append(LineAmount(int(amount), rate, treatment))


def _last_tries(account_ids: list[int]) -> Select[int, PaymentStatus]:
    """How the last top-ups of each account stand, the newest first."""
    place = func.row_number().over(partition_by=Payment.account_id, order_by=Payment.id.desc())
    newest = (
        select(Payment.account_id, Payment.status, Payment.id, place.label("place"))
        .where(Payment.account_id.in_(account_ids), Payment.idempotency_key.startswith(PREFIX))
        .subquery()
    )
    last = select(newest.c.account_id, newest.c.status).where(newest.c.place <= MOST_FAILURES)
    return last.order_by(newest.c.account_id, newest.c.id.desc())


def _debts(account_ids: list[int]) -> dict[int, list[Debt]]:
    """Open invoices with the steps that were taken on them, the oldest debt first."""
    is_open = (Invoice.account_id.in_(account_ids), Invoice.status.in_(PAYABLE_STATUSES), Invoice.amount_due > 0)
    invoices = select(
        Invoice.account_id,
        Invoice.id,
        Invoice.number,
        Invoice.issued_on,
        Invoice.due_on,
        Invoice.amount_due,
        Invoice.can_void.label("can_void"),
    ).where(*is_open, Invoice.due_on.is_not(None), Invoice.issued_on.is_not(None))
    found: dict[int, list[Debt]] = {}
    by_id: dict[int, Debt] = {}
    for row in db.session.execute(invoices.order_by(*OLDEST_FIRST)):
        by_id[row.id] = Debt(row.id, row.number, row.issued_on, row.due_on, row.amount_due, can_void=bool(row.can_void))
        found.setdefault(row.account_id, []).append(by_id[row.id])
    steps = select(DunningStep.invoice_id, DunningStep.step, DunningStep.done_at).join(
        Invoice, Invoice.id == DunningStep.invoice_id
    )
    for invoice_id, step, done_at in db.session.execute(steps.where(*is_open)):
        debt = by_id.get(invoice_id)
        if debt is None:
            continue
        debt.ended.add(step)
        if done_at is not None and step == StepKind.FINAL_WARNING.value:
            debt.warned_on = done_at.date()
        debt.suspended_for |= done_at is not None and step == StepKind.SUSPENSION.value
    claims = select(PaymentClaim.invoice_id).where(
        PaymentClaim.account_id.in_(account_ids), PaymentClaim.released_at.is_(None)
    )
    for invoice_id in db.session.scalars(claims):
        if invoice_id in by_id:
            by_id[invoice_id].under_way = True
    return found

"""Subscriptions that renew until a day, each with what its next periods would cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from domain.actor import Actor, Source
from domain.periods import Period, PricedPeriod
from domain.refusals import Refusal
from domain.rehearsal import Billed, Debt, Renewal
from domain.renewals import BILLED_BEFORE
from domain.totals import LineAmount
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.subscription import Subscription, SubscriptionPeriod, SubscriptionStatus
from services.invoices import amounts_of
from services.pricing import PriceList, price_list
from services.subscriptions.periods import ONE_DAY, anchor_of, is_paid_by
from services.subscriptions.terms import LOADED, codes_of, lines_of, renewal_terms
from services.taxes import TaxTable, tax_tables

_LATEST_TAX_POINT: Final = dt.timedelta(days=3 * 366)
"""So far beyond the last day a period may begin that is billed until then."""
_NOBODY: Final = Actor("Rehearsal", Source.JOB)


@dataclass(slots=True)
class Troubles:
    """What cannot be foretold as it should: active subscriptions that ran out unbilled, and periods without a price."""

    run_out: int = 0
    unpriced: int = 0


def renewals_of(
    accounts: Sequence[Account],
    debts: Mapping[int, Debt],
    *,
    now: dt.datetime,
    until: dt.date,
    troubles: Troubles,
) -> Mapping[int, list[Renewal]]:
    """Those of these accounts, by the account's row number: a few queries, however many there are. ``debts`` are the
    open invoices of these accounts by their row numbers: a renewal that was billed goes on when its own is paid.
    """
    subscriptions = _subscriptions(accounts, until)
    billed = _billed(subscriptions, debts)
    running = [row for row in subscriptions if _goes_on(row, billed, now.date())]
    over = {row.id for row in subscriptions} - {row.id for row in running}
    troubles.run_out += sum(row.status is SubscriptionStatus.ACTIVE for row in subscriptions if row.id in over)
    if not running:
        return {}
    by_id = {account.id: account for account in accounts}
    classes = {row.package.product_class_id for row in running}
    nexts = [row.next_package for row in running if row.next_package is not None]
    classes |= {package.product_class_id for package in nexts}
    classes |= {item.product.product_class_id for package in nexts for item in package.items}
    classes |= {item.product.product_class_id for row in running for item in row.items}
    days = {now.date(), until + _LATEST_TAX_POINT}
    taxes = tax_tables([by_id[row.account_id] for row in running], classes, days)
    prices = _price_lists(running)
    found: dict[int, list[Renewal]] = {}
    for row in running:
        found.setdefault(row.account_id, []).append(
            Renewal(
                row.number,
                Period(row.current_period_from, row.current_period_to),
                anchor_of(row),
                row.period.months,
                row.aligns_to_month,
                _lines(row, taxes[row.account_id], prices.get(row.currency), now, troubles),
                billed.get(row.id, {}),
                row.trial_ends_on,
            )
        )
    return found


def _subscriptions(accounts: Sequence[Account], until: dt.date) -> list[Subscription]:
    found = (
        select(Subscription)
        .where(
            Subscription.account_id.in_([account.id for account in accounts]),
            Subscription.status.in_((SubscriptionStatus.ACTIVE, SubscriptionStatus.EXPIRED)),
            Subscription.renews_on <= until + BILLED_BEFORE,
        )
        .options(*LOADED)
    )
    rows = db.session.scalars(found.order_by(Subscription.account_id, Subscription.id)).all()
    return [row for row in rows if row.period.months]


def _billed(subscriptions: Sequence[Subscription], debts: Mapping[int, Debt]) -> dict[int, dict[dt.date, Billed]]:
    """The periods that were billed ahead, by subscription and first day: each is billed once."""
    if not subscriptions:
        return {}
    earliest = min(row.current_period_to for row in subscriptions)
    found = (
        select(SubscriptionPeriod, Invoice)
        .outerjoin(Invoice, Invoice.id == SubscriptionPeriod.invoice_id)
        .where(
            SubscriptionPeriod.subscription_id.in_([row.id for row in subscriptions]),
            SubscriptionPeriod.period_from > earliest,
        )
    )
    periods: dict[int, dict[dt.date, Billed]] = {}
    for row, invoice in db.session.execute(found):
        debt = debts.get(row.invoice_id or 0)
        lost = debt is None and not is_paid_by(invoice)
        billed = Billed(Period(row.period_from, row.period_to), debt, lost)
        periods.setdefault(row.subscription_id, {})[row.period_from] = billed
    return periods


def _goes_on(row: Subscription, billed: Mapping[int, Mapping[dt.date, Billed]], today: dt.date) -> bool:
    """Whether its period is not over, or the next one is billed and can be entered once that is paid."""
    ahead = billed.get(row.id, {}).get(row.current_period_to + ONE_DAY)
    return row.current_period_to >= today or (ahead is not None and not ahead.lost)


def _price_lists(subscriptions: Sequence[Subscription]) -> dict[str, PriceList]:
    """The catalogue's prices of the packages that some will change to, by currency."""
    codes: dict[str, set[str]] = {}
    for row in subscriptions:
        if row.next_package is not None:
            codes.setdefault(row.currency, set()).update(codes_of([row.next_package]))
    return {currency: price_list(wanted, currency=currency) for currency, wanted in codes.items()}


def _lines(
    row: Subscription, taxes: TaxTable, prices: PriceList | None, now: dt.datetime, troubles: Troubles
) -> Callable[[PricedPeriod], list[LineAmount]]:
    def lines(priced: PricedPeriod) -> list[LineAmount]:
        try:
            terms = renewal_terms(row, prices, priced.period.first)
            return amounts_of(lines_of(terms, row.id, priced, taxes, actor=_NOBODY, now=now))
        except Refusal:
            troubles.unpriced += 1
            return []

    return lines

"""The ledger, tax rules and number series: what the database itself refuses."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.postings import CUSTOMER_LEDGER_KINDS, LedgerAccountKind
from models import LedgerAccount, LedgerPosting, NumberSeries
from tests.factories.catalogue import TaxRuleFactory
from tests.factories.money import LedgerAccountFactory, LedgerEntryFactory, LedgerPostingFactory, NumberSeriesFactory
from tests.factories.people import AccountFactory

pytestmark = pytest.mark.usefixtures("session")


def test_a_customer_has_one_pot_of_a_kind_and_currency():
    funds = LedgerAccountFactory()
    LedgerAccountFactory(account=funds.account, currency="EUR")
    LedgerAccountFactory(account=funds.account, kind=LedgerAccountKind.RECEIVABLE)
    with pytest.raises(IntegrityError):
        LedgerAccountFactory(account=funds.account)


def test_the_house_has_one_pot_of_a_kind_and_currency():
    LedgerAccountFactory(account=None, kind=LedgerAccountKind.BANK)
    LedgerAccountFactory(account=None, kind=LedgerAccountKind.BANK, currency="EUR")
    with pytest.raises(IntegrityError):
        LedgerAccountFactory(account=None, kind=LedgerAccountKind.BANK)


@pytest.mark.parametrize("kind", LedgerAccountKind)
def test_a_pot_belongs_to_whom_its_kind_says(kind):
    of_customer = kind in CUSTOMER_LEDGER_KINDS
    with pytest.raises(IntegrityError, match="kind_has_its_owner"):
        LedgerAccountFactory(kind=kind, account=None if of_customer else AccountFactory())


def test_a_balance_does_not_fall_below_its_minimum(session):
    funds = LedgerAccountFactory(balance=5_000, minimum=0)
    with pytest.raises(IntegrityError, match="balance_not_below_minimum"):
        session.execute(update(LedgerAccount).where(LedgerAccount.id == funds.id).values(balance=-1))


def test_a_pot_without_a_minimum_may_go_below_zero(session):
    receivable = LedgerAccountFactory(kind=LedgerAccountKind.RECEIVABLE)
    session.execute(update(LedgerAccount).where(LedgerAccount.id == receivable.id).values(balance=-7_000))
    assert session.scalar(select(LedgerAccount.balance).where(LedgerAccount.id == receivable.id)) == -7_000


@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_moves_more_than_nothing(amount):
    with pytest.raises(IntegrityError, match="amount_positive"):
        LedgerPostingFactory(amount=amount)


def test_a_transfer_has_two_ends():
    funds = LedgerAccountFactory()
    with pytest.raises(IntegrityError, match="two_accounts"):
        LedgerPostingFactory(debit_account=funds, credit_account=funds)


@pytest.mark.parametrize("side", ["debit_account", "credit_account"])
def test_a_transfer_does_not_cross_currencies(side):
    euros = LedgerAccountFactory(currency="EUR")
    with pytest.raises(IntegrityError):
        LedgerPostingFactory(**{side: euros})


def test_a_transfer_has_the_currency_of_its_entry():
    entry = LedgerEntryFactory(currency="EUR")
    with pytest.raises(IntegrityError):
        LedgerPostingFactory(entry=entry, currency="USD")


def test_an_event_is_written_once():
    LedgerEntryFactory(idempotency_key="invoice-issued-INV-1")
    with pytest.raises(IntegrityError):
        LedgerEntryFactory(idempotency_key="invoice-issued-INV-1")


def test_whatever_was_posted_the_pots_together_stay_at_zero(session):
    first, second, third = LedgerAccountFactory(), LedgerAccountFactory(), LedgerAccountFactory()
    LedgerPostingFactory(debit_account=first, credit_account=second, amount=700)
    LedgerPostingFactory(debit_account=second, credit_account=third, amount=1_900)

    def moved(account: LedgerAccount) -> int:
        received = select(func.sum(LedgerPosting.amount)).where(LedgerPosting.credit_account_id == account.id)
        left = select(func.sum(LedgerPosting.amount)).where(LedgerPosting.debit_account_id == account.id)
        return (session.scalar(received) or 0) - (session.scalar(left) or 0)

    assert [moved(first), moved(second), moved(third)] == [-700, -1_200, 1_900]


@pytest.mark.parametrize("make", [LedgerEntryFactory, LedgerPostingFactory])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_what_is_written_is_never_changed(session, make, change):
    row = make()
    if change == "update":
        setattr(row, "amount" if make is LedgerPostingFactory else "description", 1)
    else:
        session.delete(row)
    with pytest.raises(DBAPIError, match="append-only"):
        session.flush()


def test_a_tax_rule_begins_once_on_a_day():
    rule = TaxRuleFactory()
    TaxRuleFactory(product_class=rule.product_class, valid_from=rule.valid_from + dt.timedelta(days=1))
    with pytest.raises(IntegrityError):
        TaxRuleFactory(product_class=rule.product_class)


def test_a_tax_rule_ends_after_it_began():
    with pytest.raises(IntegrityError, match="ends_after_start"):
        TaxRuleFactory(valid_to=dt.date(2021, 1, 1))


@pytest.mark.parametrize("rate", [-1, 1_000_001])
def test_a_tax_rate_is_a_share(rate):
    with pytest.raises(IntegrityError, match="rate_is_a_share"):
        TaxRuleFactory(rate=rate)


@pytest.mark.parametrize("year", [None, 2026])
def test_there_is_one_series_of_a_kind_and_year(year):
    NumberSeriesFactory(year=year)
    NumberSeriesFactory(year=2027)
    with pytest.raises(IntegrityError):
        NumberSeriesFactory(year=year)


def test_a_number_is_taken_by_one_update(session):
    series = NumberSeriesFactory(next_number=41)
    session.execute(
        update(NumberSeries).where(NumberSeries.id == series.id).values(next_number=NumberSeries.next_number + 1)
    )
    assert session.scalar(select(NumberSeries.next_number)) == 42

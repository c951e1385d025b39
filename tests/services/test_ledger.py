"""Entries, balances and pots."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.postings import funds_applied, invoice_issued, payment_received
from extensions import db
from models import Account, LedgerAccount, LedgerEntry, LedgerPosting
from models.ledger import LedgerAccountKind
from services.ledger import Entry, NotEnoughFunds, ledger_account, open_ledger_accounts, post, post_many
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, assert_books_balance, funds, receivable, rows_of
from tests.support.parallel import at_once, refusals


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


def received(account: Account, amount: int, key: str = "") -> Entry:
    return Entry("payment.received", "Money", payment_received(amount), account.id, "USD", idempotency_key=key)


def spent(account_id: int, amount: int) -> Entry:
    return Entry("payment.allocated", "Spent", funds_applied(amount), account_id, "USD")


def test_an_entry_moves_money_between_two_pots(account: Account, now: dt.datetime) -> None:
    entry = post(received(account, 700), actor=CLERK, now=now)
    posting = db.session.scalars(select(LedgerPosting).where(LedgerPosting.entry_id == entry.id)).one()
    assert posting.amount == 700
    assert funds(account) == 700
    assert ledger_account(LedgerAccountKind.BANK, account_id=None, currency="USD", now=now).balance == -700
    assert_books_balance()


def test_an_event_told_twice_is_written_once(account: Account, now: dt.datetime) -> None:
    first = post(received(account, 700, key="payment 1"), actor=CLERK, now=now)
    again = post(received(account, 700, key="payment 1"), actor=CLERK, now=now)
    assert again.id == first.id
    assert funds(account) == 700
    assert_books_balance()


def test_an_event_told_sixteen_times_at_once_is_written_once(account: Account, now: dt.datetime) -> None:
    entry = received(account, 700, key="payment 1")
    at_once(lambda _: post(entry, actor=CLERK, now=now))
    assert rows_of(LedgerEntry) == 1
    assert funds(account) == 700
    assert_books_balance()


def test_funds_never_fall_below_zero(account: Account, now: dt.datetime) -> None:
    post(received(account, 700), actor=CLERK, now=now)
    with pytest.raises(NotEnoughFunds) as refused:
        post(spent(account.id, 701), actor=CLERK, now=now)
    assert (refused.value.balance, refused.value.missing) == (700, 1)


def test_all_funds_can_be_spent(account: Account, now: dt.datetime) -> None:
    post(received(account, 700), actor=CLERK, now=now)
    post(spent(account.id, 700), actor=CLERK, now=now)
    assert funds(account) == 0


def test_sixteen_who_spend_at_once_spend_no_more_than_there_is(
    account: Account, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ledger.lock_accounts", lambda _ids: None)  # the guard has to do it alone
    post(received(account, 500), actor=CLERK, now=now)
    account_id = account.id
    results = at_once(lambda _: post(spent(account_id, 100), actor=CLERK, now=now))
    assert len(refusals(results)) == 11
    assert funds(account) == 0
    assert receivable(account) == 500
    assert_books_balance()


def test_a_refused_entry_leaves_nothing_behind(account: Account, now: dt.datetime) -> None:
    db.session.commit()
    with pytest.raises(NotEnoughFunds), unit_of_work():
        post(spent(account.id, 1), actor=CLERK, now=now)
    assert rows_of(LedgerEntry) == 0
    assert funds(account) == 0


def test_sixteen_who_need_a_pot_at_once_share_one(account: Account, now: dt.datetime) -> None:
    account_id = account.id
    pots = at_once(lambda _: ledger_account(LedgerAccountKind.FUNDS, account_id=account_id, currency="USD", now=now).id)
    house = at_once(lambda _: ledger_account(LedgerAccountKind.BANK, account_id=None, currency="USD", now=now).id)
    assert len(set(pots)) == len(set(house)) == 1
    assert rows_of(LedgerAccount) == 2


def test_pots_of_many_accounts_are_made_once(account: Account, now: dt.datetime) -> None:
    other = AccountFactory()
    open_ledger_accounts([(account.id, "USD")], now=now)
    open_ledger_accounts([(account.id, "USD"), (other.id, "USD")], now=now)
    assert rows_of(LedgerAccount) == 4


def test_many_entries_are_written_together(account: Account, now: dt.datetime) -> None:
    other = AccountFactory()
    entries = [
        *(received(account, 100, key=f"in {place}") for place in range(600)),
        *(Entry("invoice.issued", "Invoice", invoice_issued(80, 20), other.id, "USD") for _ in range(600)),
    ]
    assert post_many(entries, actor=CLERK, now=now) == 1_200
    assert (funds(account), receivable(other)) == (60_000, -60_000)
    assert_books_balance()


def test_many_entries_told_again_are_written_once(account: Account, now: dt.datetime) -> None:
    entries = [received(account, 100, key=f"in {place}") for place in range(3)]
    assert post_many(entries[:2], actor=CLERK, now=now) == 2
    assert post_many(entries, actor=CLERK, now=now) == 1
    assert funds(account) == 300
    assert_books_balance()


def test_many_entries_that_overspend_together_are_refused(account: Account, now: dt.datetime) -> None:
    post(received(account, 150), actor=CLERK, now=now)
    with pytest.raises(NotEnoughFunds):
        post_many([spent(account.id, 100), spent(account.id, 100)], actor=CLERK, now=now)


def test_two_entries_of_one_batch_may_not_have_one_key(account: Account, now: dt.datetime) -> None:
    with pytest.raises(ValueError, match="same key"):
        post_many([received(account, 1, key="same"), received(account, 1, key="same")], actor=CLERK, now=now)


def test_an_entry_that_moves_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="moves something"):
        Entry("invoice.issued", "Nothing", [], None, "USD")

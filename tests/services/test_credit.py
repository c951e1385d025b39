"""Credit that staff give and take back."""

from __future__ import annotations

import pytest

from domain.money import LARGEST_AMOUNT, AmountTooLarge
from extensions import db
from models import Account, LedgerEntry, StatementLine
from models.statement_line import StatementKind
from services.audit import timeline_of
from services.books import check_books
from services.credit import give_credit, take_back_credit
from services.ledger import NotEnoughFunds
from services.payments import AmountNotPositive
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, assert_books_balance, funds, rows_of, statement_of
from tests.support.parallel import AT_ONCE, at_once, refusals


@pytest.fixture
def account(session) -> Account:
    return AccountFactory()


def test_given_credit_is_balance_at_the_houses_expense(account, now):
    give_credit(account, amount=2_500, reason="For the outage", actor=CLERK, now=now)
    (line,) = statement_of(account)
    assert (funds(account), line.kind, line.amount, line.description) == (
        2_500,
        StatementKind.CREDIT_GIVEN,
        2_500,
        "Credit: For the outage",
    )
    assert [event.event for event in timeline_of("account", account.client_id)] == ["account.credit_given"]
    assert_books_balance()
    assert check_books() == []


def test_credit_is_taken_back_up_to_what_is_there(account, now):
    give_credit(account, amount=2_500, reason="Too much", actor=CLERK, now=now)
    take_back_credit(account, amount=2_000, reason="It was too much", actor=CLERK, now=now)
    assert (funds(account), [line.amount for line in statement_of(account)]) == (500, [2_500, -2_000])
    assert check_books() == []
    with pytest.raises(NotEnoughFunds):
        take_back_credit(account, amount=501, reason="More", actor=CLERK, now=now)


@pytest.mark.parametrize("act", [give_credit, take_back_credit])
@pytest.mark.parametrize(
    ("amount", "refusal"), [(0, AmountNotPositive), (-1, AmountNotPositive), (LARGEST_AMOUNT + 1, AmountTooLarge)]
)
def test_amounts_that_make_no_sense_change_nothing(account, now, act, amount, refusal):
    with pytest.raises(refusal):
        act(account, amount=amount, reason="x", actor=CLERK, now=now)
    assert (rows_of(LedgerEntry), rows_of(StatementLine)) == (0, 0)


def test_many_who_take_back_at_once_never_take_more_than_is_there(account, now):
    give_credit(account, amount=1_000, reason="x", actor=CLERK, now=now)
    account_id = account.id

    def take(_number):
        found = db.session.get_one(Account, account_id)
        return take_back_credit(found, amount=300, reason="y", actor=CLERK, now=now).id

    assert len(refusals(at_once(take))) == AT_ONCE - 3
    assert (funds(account), check_books()) == (100, [])

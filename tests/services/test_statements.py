"""Statement lines: their order and their running balance."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Account, StatementKind
from services.statements import NewLine, write_statement_line, write_statement_lines
from tests.factories.people import AccountFactory
from tests.services.money import statement_of
from tests.support.parallel import at_once


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


def line(account_id: int, amount: int, number: str, now: dt.datetime) -> NewLine:
    return NewLine(account_id, StatementKind.INVOICE, amount, "USD", number, f"Invoice {number}", now.date())


def test_each_line_carries_the_balance_after_it(account: Account, now: dt.datetime) -> None:
    write_statement_line(line(account.id, -700, "A", now), now=now)
    second = write_statement_line(line(account.id, 300, "B", now), now=now)
    assert (second.sequence, second.amount, second.balance_after) == (2, 300, -400)


def test_lines_of_many_accounts_are_written_together(account: Account, now: dt.datetime) -> None:
    other = AccountFactory()
    write_statement_line(line(account.id, 100, "A", now), now=now)
    lines = [line(account.id, 1, "B", now), line(other.id, 5, "C", now), line(account.id, 2, "D", now)]
    write_statement_lines(lines, now=now)
    assert [(each.sequence, each.balance_after) for each in statement_of(account)] == [(1, 100), (2, 101), (3, 103)]
    assert [(each.sequence, each.balance_after) for each in statement_of(other)] == [(1, 5)]


def test_nothing_to_write_writes_nothing(account: Account, now: dt.datetime) -> None:
    write_statement_lines([], now=now)
    assert statement_of(account) == []


def test_a_document_stands_on_a_statement_once(account: Account, now: dt.datetime) -> None:
    write_statement_line(line(account.id, -700, "A", now), now=now)
    with pytest.raises(IntegrityError):
        write_statement_line(line(account.id, -700, "A", now), now=now)


def test_lines_written_at_once_stand_in_one_order(account: Account, now: dt.datetime) -> None:
    account_id = account.id
    at_once(lambda place: write_statement_line(line(account_id, 10, str(place), now), now=now).id)
    written = statement_of(account)
    assert [each.sequence for each in written] == list(range(1, 17))
    assert [each.balance_after for each in written] == list(range(10, 170, 10))

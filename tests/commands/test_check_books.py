"""flask check-books."""

from __future__ import annotations

import datetime as dt

from flask import current_app
from sqlalchemy import update
from sqlalchemy.orm import Session

from commands.check_books import command
from extensions import db
from models import LedgerAccount
from models.ledger import LedgerAccountKind
from tests.factories.people import AccountFactory
from tests.services.money import fund


def test_right_books_end_well(session: Session, now: dt.datetime) -> None:
    fund(AccountFactory(), 500, now)
    db.session.commit()
    result = current_app.test_cli_runner().invoke(command)
    assert result.exit_code == 0
    assert "right   The ledger sums to zero" in result.output


def test_broken_books_end_with_one_and_name_the_row(session: Session, now: dt.datetime) -> None:
    fund(AccountFactory(), 500, now)
    bank = LedgerAccount.kind == LedgerAccountKind.BANK
    db.session.execute(update(LedgerAccount).where(bank).values(balance=-499))
    db.session.commit()
    result = current_app.test_cli_runner().invoke(command)
    assert result.exit_code == 1
    assert "broken  The ledger sums to zero" in result.output
    assert "ledger_account bank/USD: the balance is -499" in result.output

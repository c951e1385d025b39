"""flask demo."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commands.demo import command
from extensions import db
from models import Account, AuditEvent
from tests.factories.people import AccountFactory


@pytest.mark.slow
def test_the_second_run_changes_nothing_and_says_so(app: Flask, session: Session) -> None:
    first = app.test_cli_runner().invoke(command)
    assert first.exit_code == 0, first.output
    assert "The demo is loaded" in first.output
    events = db.session.scalar(select(func.count()).select_from(AuditEvent))
    db.session.rollback()
    second = app.test_cli_runner().invoke(command)
    assert second.exit_code == 0
    assert "nothing was changed" in second.output
    assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == events


def test_a_database_with_customers_is_refused_in_words(app: Flask, session: Session) -> None:
    AccountFactory(name="Somebody Else")
    session.commit()
    result = app.test_cli_runner().invoke(command)
    assert result.exit_code == 1
    assert "empty database" in result.output
    assert db.session.scalars(select(Account.name)).all() == ["Somebody Else"]

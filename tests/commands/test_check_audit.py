"""flask check-audit."""

from __future__ import annotations

import datetime as dt

from flask import current_app
from sqlalchemy import update
from sqlalchemy.orm import Session

from commands.check_audit import command
from extensions import db
from models.audit import AuditChain
from services.accounts import suspend_account
from services.settings import change_setting
from tests.factories.people import AccountFactory
from tests.services.money import CLERK


def test_an_intact_audit_ends_well_and_is_counted(session: Session, now: dt.datetime) -> None:
    suspend_account(AccountFactory(), actor=CLERK, now=now)
    change_setting("invitation_days", "20", actor=CLERK, now=now)
    db.session.commit()
    result = current_app.test_cli_runner().invoke(command)
    assert (result.exit_code, result.output) == (0, "The audit is intact: 2 events in 2 chains.\n")


def test_a_broken_chain_ends_with_one_and_is_named(session: Session, now: dt.datetime) -> None:
    account = AccountFactory()
    suspend_account(account, actor=CLERK, now=now)
    db.session.commit()
    db.session.execute(update(AuditChain).where(AuditChain.key == f"account-{account.id}").values(last_sequence=2))
    db.session.commit()
    result = current_app.test_cli_runner().invoke(command)
    assert result.exit_code == 1
    assert f"broken  account-{account.id}: at event #2" in result.output
    assert "1 of 2 chains are broken." in result.output

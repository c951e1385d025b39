"""A statement of some days as a paper: opening balance, every line with the balance after it, closing balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select

from domain.refusals import Refusal
from extensions import db
from models.account import Account
from models.statement_line import StatementLine
from services.documents import typeset
from services.invoices import billing_of
from services.papers import Paper, day_text, money_text, paper_frame

MOST_LINES = 5_000


class StatementTooLong(Refusal):
    message = f"A statement holds at most {MOST_LINES:,} lines. Choose fewer days."


class DaysReversed(Refusal):
    message = "The first day lies after the last one. Exchange them."


def statement_pdf(account: Account, first: dt.date, last: dt.date) -> bytes:
    """The statement from the first to the last day, both included. Refused: DaysReversed, StatementTooLong."""
    return typeset(statement_paper(account, first, last))


def statement_paper(account: Account, first: dt.date, last: dt.date) -> Paper:
    """What stands on it, as ready text."""
    lines = lines_of(account, first, last)
    opening = opening_of(account, lines, last)
    closing = lines[-1].balance_after if lines else opening
    currency = account.currency
    rows = [
        {
            "what": f"{day_text(line.booked_on)}: {line.description}",
            "why": "",
            "cells": [money_text(line.amount, currency), money_text(line.balance_after, currency)],
            "running": money_text(line.balance_after, currency),
        }
        for line in lines
    ]
    return {
        **paper_frame(billing_of(account), "Statement", f"{account.client_id}", last),
        "facts": [
            {"label": "From", "value": day_text(first) or ""},
            {"label": "To", "value": day_text(last) or ""},
            {"label": "Opening balance", "value": money_text(opening, currency)},
        ],
        "columns": ["What happened", "Amount", "Balance"],
        "rows": rows,
        "running": True,
        "totals": [
            {"label": "Opening balance", "value": money_text(opening, currency), "strong": False},
            {
                "label": "All lines",
                "value": money_text(sum(line.amount for line in lines), currency),
                "strong": False,
            },
            {"label": "Closing balance", "value": money_text(closing, currency), "strong": True},
        ],
        "notes": [] if lines else ["Nothing happened in these days."],
    }


def lines_of(account: Account, first: dt.date, last: dt.date) -> Sequence[StatementLine]:
    """The lines of these days in their order. Refused: DaysReversed, StatementTooLong."""
    if first > last:
        raise DaysReversed
    of_account = select(StatementLine).where(StatementLine.account_id == account.id)
    in_days = of_account.where(StatementLine.booked_on >= first, StatementLine.booked_on <= last)
    lines = db.session.scalars(in_days.order_by(StatementLine.sequence).limit(MOST_LINES + 1)).all()
    if len(lines) > MOST_LINES:
        raise StatementTooLong
    return lines


def opening_of(account: Account, lines: Sequence[StatementLine], last: dt.date) -> int:
    """The balance before these lines; without any, that at the end of the last day."""
    return lines[0].balance_after - lines[0].amount if lines else _balance_at_end_of(account.id, last)


def _balance_at_end_of(account_id: int, day: dt.date) -> int:
    newest = select(func.max(StatementLine.sequence)).where(
        StatementLine.account_id == account_id, StatementLine.booked_on <= day
    )
    found = select(StatementLine.balance_after).where(
        StatementLine.account_id == account_id, StatementLine.sequence == newest.scalar_subquery()
    )
    return db.session.scalar(found) or 0

"""A statement of some days as a paper: opening balance, every line with the balance after it, closing balance."""

from __future__ import annotations

import datetime as dt

from models.account import Account
from services.documents import typeset
from services.invoices import billing_of
from services.papers import Paper, day_text, money_text, paper_frame
from services.statement_days import StatementDays, days_of


def statement_pdf(account: Account, first: dt.date, last: dt.date) -> bytes:
    """The statement from the first to the last day, both included. Refused: DaysReversed, StatementTooLong."""
    return typeset(statement_paper(account, days_of(account, first, last)))


def statement_paper(account: Account, days: StatementDays) -> Paper:
    """What stands on it, as ready text."""
    currency, first, last = account.currency, days.first, days.last
    rows = [
        {
            "what": f"{day_text(line.booked_on)}: {line.description}",
            "why": "",
            "cells": [money_text(line.amount, currency), money_text(balance, currency)],
            "running": money_text(balance, currency),
        }
        for line, balance in zip(days.lines, days.balances, strict=True)
    ]
    return {
        **paper_frame(billing_of(account), "Statement", f"{account.client_id}", last),
        "facts": [
            {"label": "From", "value": day_text(first) or ""},
            {"label": "To", "value": day_text(last) or ""},
            {"label": "Opening balance", "value": money_text(days.opening, currency)},
        ],
        "columns": ["What happened", "Amount", "Balance"],
        "rows": rows,
        "running": True,
        "totals": [
            {"label": "Opening balance", "value": money_text(days.opening, currency), "strong": False},
            {
                "label": "All lines",
                "value": money_text(days.moved, currency),
                "strong": False,
            },
            {"label": "Closing balance", "value": money_text(days.closing, currency), "strong": True},
        ],
        "notes": [] if days.lines else ["Nothing happened in these days."],
    }

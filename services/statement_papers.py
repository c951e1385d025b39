"""A statement of some days as a paper: opening balance, every line with the balance after it, closing balance."""

from __future__ import annotations

import datetime as dt

from models.account import Account
from services.account_languages import language_of_account
from services.documents import typeset
from services.invoices import billing_of
from services.papers import Paper, day_text, facts, money_text, paper_frame, total
from services.statement_days import StatementDays, days_of


def statement_pdf(account: Account, first: dt.date, last: dt.date) -> bytes:
    """The statement from the first to the last day, both included. Refused: DaysReversed, StatementTooLong."""
    return typeset(statement_paper(account, days_of(account, first, last)))


def statement_paper(account: Account, days: StatementDays) -> Paper:
    """What stands on it, as ready text."""
    speaker, currency = language_of_account(account.id), account.currency
    rows = [
        {
            "what": f"{day_text(line.booked_on, speaker)}: {line.description}",
            "why": "",
            "cells": [money_text(line.amount, currency, speaker), money_text(balance, currency, speaker)],
            "running": money_text(balance, currency, speaker),
        }
        for line, balance in zip(days.lines, days.balances, strict=True)
    ]
    return {
        **paper_frame(billing_of(account), "Statement", account.client_id, days.last, speaker),
        "facts": facts(
            speaker,
            ("From", day_text(days.first, speaker)),
            ("To", day_text(days.last, speaker)),
            ("Opening balance", money_text(days.opening, currency, speaker)),
        ),
        "columns": [speaker.say(name) for name in ("What happened", "Amount", "Balance")],
        "rows": rows,
        "running": True,
        "totals": [
            total("Opening balance", days.opening, currency, speaker),
            total("All lines", days.moved, currency, speaker),
            total("Closing balance", days.closing, currency, speaker, strong=True),
        ],
        "notes": [] if days.lines else [speaker.say("Nothing happened in these days.")],
    }

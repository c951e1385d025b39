"""The statement of some days: in the order of its days also where it was written in another one, as by imports."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.periods import month_named
from extensions import db
from models import Account, StatementKind
from services.month_packs.contents import contents_of, sheets
from services.statement_days import (
    DaysReversed,
    StatementTooLong,
    days_of,
    kept_balance_at_end_of,
)
from services.statement_papers import statement_paper
from services.statements import NewLine, write_statement_lines
from tests.factories.people import AccountFactory
from tests.services.imports.files import bring_in_samples, make_catalogue

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)


def written(account: Account, *lines: tuple[str, int]) -> None:
    """Lines of these days and amounts, in the order in which they were written."""
    write_statement_lines(
        [
            NewLine(
                account.id,
                StatementKind.INVOICE if amount < 0 else StatementKind.PAYMENT,
                amount,
                account.currency,
                f"D-{number}",
                f"Document {number}",
                dt.date.fromisoformat(day),
            )
            for number, (day, amount) in enumerate(lines, start=1)
        ],
        now=NOW,
    )


def days(account: Account, first: str, last: str):
    return days_of(account, dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.fixture
def account(session) -> Account:
    return AccountFactory()


@pytest.fixture
def imported(account) -> Account:
    """All invoices first, then all payments, each of their own days."""
    written(
        account,
        ("2026-03-01", -1_000),
        ("2026-04-01", -2_000),
        ("2026-05-01", -4_000),
        ("2026-03-10", 800),
        ("2026-04-01", 150),
        ("2026-05-20", 70),
    )
    return account


def test_lines_stand_in_the_order_of_their_days_then_of_their_writing(imported):
    found = days(imported, "2026-03-01", "2026-05-31")
    assert [(f"{line.booked_on:%m-%d}", line.amount) for line in found.lines] == [
        ("03-01", -1_000),
        ("03-10", 800),
        ("04-01", -2_000),
        ("04-01", 150),
        ("05-01", -4_000),
        ("05-20", 70),
    ]
    assert found.balances == [-1_000, -200, -2_200, -2_050, -6_050, -5_980]


def test_each_month_begins_with_what_the_one_before_ended_with(imported):
    months = [days(imported, f"2026-{month}-01", f"2026-{month}-28") for month in ("02", "03", "04", "05", "06")]
    assert [month.opening for month in months] == [0, 0, -200, -2_050, -5_980]
    assert [month.closing for month in months] == [0, -200, -2_050, -5_980, -5_980]


def test_the_closing_balance_is_the_kept_one_without_what_was_booked_later(imported):
    for day in ("2026-02-01", "2026-03-05", "2026-03-31", "2026-04-01", "2026-05-31"):
        last = dt.date.fromisoformat(day)
        assert kept_balance_at_end_of(imported, last) == days(imported, "2020-01-01", day).closing


def test_an_account_without_lines_has_nothing(account):
    found = days(account, "2026-03-01", "2026-03-31")
    assert (found.opening, found.lines, found.balances, found.closing) == (0, [], [], 0)
    assert kept_balance_at_end_of(account, found.last) == 0


def test_lines_of_another_account_count_nowhere(imported):
    other = AccountFactory()
    written(other, ("2026-03-05", 9_999))
    assert days(imported, "2026-03-01", "2026-03-31").closing == -200
    assert kept_balance_at_end_of(imported, dt.date(2026, 3, 31)) == -200


def test_days_the_wrong_way_round_are_refused(account):
    with pytest.raises(DaysReversed):
        days(account, "2026-03-02", "2026-03-01")


def test_too_many_lines_are_refused(imported, monkeypatch):
    monkeypatch.setattr("services.statement_days.MOST_LINES", 2)
    assert len(days(imported, "2026-03-01", "2026-03-31").lines) == 2
    with pytest.raises(StatementTooLong):
        days(imported, "2026-03-01", "2026-04-30")


def test_the_paper_runs_from_the_opening_to_the_closing_balance(imported):
    paper = statement_paper(imported, days(imported, "2026-04-01", "2026-04-30"))
    assert [row["running"] for row in paper["rows"]] == ["-$22.00", "-$20.50"]
    assert [each["value"] for each in paper["totals"]] == ["-$2.00", "-$18.50", "-$20.50"]


@pytest.mark.parametrize(
    ("month", "opening", "balances", "closing"),
    [("2026-03", 0, ["-114.00", "0.00"], 0), ("2026-04", 0, ["-114.00", "-14.00"], -1_400)],
)
def test_the_month_packs_of_imported_months_add_up(session, month, opening, balances, closing):
    make_catalogue()
    bring_in_samples(NOW, "accounts", "licenses", "subscriptions", "invoices", "payments")
    account = db.session.scalars(select(Account).where(Account.external_ref == "K-1001")).one()
    contents = contents_of(account, month_named(month))
    assert (contents.statement.opening, contents.statement.closing) == (opening, closing)
    sheet = dict(sheets(contents))["statement.csv"].decode("utf-8-sig").splitlines()
    assert [row.rpartition(",")[2] for row in sheet[1:]] == balances

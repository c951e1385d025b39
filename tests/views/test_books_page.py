"""The books page: looked at by a job, with a link to what is broken; months closed by who may."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update

from domain.permissions import STAFF_GRANTS, P, StaffRole
from extensions import db
from models import Invoice, Job, MonthClose
from services.books_checks import CHECK_JOB, CLOSE_JOB
from tests.factories.people import AccountFactory
from tests.services.money import issued, rows_of
from tests.support.desk import staff_desk
from tests.support.due_jobs import run_due_jobs


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", currency="USD")


def page(desk):
    return desk.get("/books/").get_data(as_text=True)


def test_the_books_are_looked_at_by_a_job_and_the_page_says_what_it_found(app, account, now):
    issued(account, now)
    desk = staff_desk(app, StaffRole.BILLING)
    assert "Nobody has looked yet" in page(desk)
    assert desk.post("/books/check").status_code == 303
    waiting = desk.get("/books/")
    assert waiting.headers["Refresh"] == "3"
    assert run_due_jobs(CHECK_JOB) == 1
    shown = page(desk)
    assert "The ledger sums to zero" in shown
    assert "Right" in shown
    assert "Broken" not in shown


def test_a_broken_invariant_leads_to_the_row_that_breaks_it(app, account, now):
    invoice = issued(account, now)
    number = invoice.number
    db.session.execute(update(Invoice).values(net_total=Invoice.net_total - 1, tax_total=Invoice.tax_total + 1))
    db.session.commit()
    desk = staff_desk(app, StaffRole.BILLING)
    desk.post("/books/check")
    run_due_jobs(CHECK_JOB)
    assert f'href="/staff/invoices/{number}"' in page(desk)


def test_asked_twice_it_looks_once(app, account):
    desk = staff_desk(app)
    for _time in range(2):
        desk.post("/books/check")
    assert db.session.query(Job).filter_by(kind=CHECK_JOB).count() == 1


def test_a_month_is_closed_by_a_job_and_stands_on_the_page(app, account, now):
    issued(account, now)
    desk = staff_desk(app, StaffRole.BILLING)
    assert "Close 2026-05" in page(desk)
    desk.post("/books/close", month="2026-05")
    run_due_jobs(CLOSE_JOB, now=dt.datetime.now(dt.UTC))
    assert rows_of(MonthClose) == 1
    assert "Invoice -100.00 USD" in page(desk)


def test_a_refused_closing_says_why(app, account, now):
    issued(account, now)
    db.session.execute(update(Invoice).values(net_total=Invoice.net_total - 1, tax_total=Invoice.tax_total + 1))
    db.session.commit()
    desk = staff_desk(app)
    desk.post("/books/close", month="2026-05")
    run_due_jobs(CLOSE_JOB)
    assert "2026-05 was not closed. The books are not right" in page(desk)
    assert rows_of(MonthClose) == 0


@pytest.mark.parametrize("role", list(StaffRole))
def test_who_may_read_the_books_and_who_may_close_them(app, account, now, role):
    issued(account, now)
    desk = staff_desk(app, role)
    reads, closes = (grant in STAFF_GRANTS[role] for grant in (P.STAFF_BOOKS_READ, P.STAFF_BOOKS_CLOSE))
    assert desk.get("/books/").status_code == (200 if reads else 403)
    if reads:
        assert ("Close 2026-05" in page(desk)) is closes
    assert desk.post("/books/close", month="2026-05").status_code == (303 if closes else 403)

"""The page of the billing rehearsal: asked for, shown against last month, read day by day, saved as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from domain.permissions import STAFF_GRANTS, P, StaffRole
from extensions import db
from models import Job, JobState
from services.rehearsing.asking import JOB
from services.stored_files import stored_files
from tests.factories.money import UnbilledChargeFactory
from tests.factories.people import AccountFactory
from tests.factories.services import SubscriptionFactory
from tests.services.money import issued
from tests.support.desk import member_desk, staff_desk
from tests.support.due_jobs import run_due_jobs

ONE_DAY = dt.timedelta(days=1)


@pytest.fixture
def moment(session):
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Blue Door", currency="USD")


def foretell(desk, moment, **fields):
    until = (moment.date() + 30 * ONE_DAY).isoformat()
    return desk.post("/rehearsal/ask", **{"until": until, "charges": "succeed", **fields})


def page(desk, path="/rehearsal/"):
    return desk.get(path).get_data(as_text=True)


def main_of(shown: str) -> str:
    """What stands beside the menu."""
    return shown.partition("<main")[2].partition("</main>")[0]


def test_a_day_is_asked_for_and_what_would_happen_until_then_is_shown(app, account, moment):
    invoice = issued(account, moment - 14 * ONE_DAY)
    desk = staff_desk(app, StaffRole.BILLING)
    assert "Nothing is written." in page(desk)
    assert foretell(desk, moment).status_code == 303
    waiting = desk.get("/rehearsal/")
    assert (waiting.headers["Refresh"], "A job is foretelling" in waiting.get_data(as_text=True)) == ("3", True)
    assert run_due_jobs(JOB, now=moment) == 1
    shown = page(desk)
    assert "Foretold " in shown
    assert "Suspension 1" in shown
    tomorrow = moment.date() + ONE_DAY
    of_day = page(desk, f"/rehearsal/day/{tomorrow}")
    assert "Blue Door" in of_day
    assert f'href="/staff/invoices/{invoice.number}"' in of_day
    assert "Reminder: 1" in of_day


def test_renewals_are_always_among_what_is_foretold_and_nothing_says_they_are_not_billed(app, account, moment):
    today = moment.date()
    subscription = SubscriptionFactory(
        account=account,
        started_on=today - 20 * ONE_DAY,
        current_period_from=today - 20 * ONE_DAY,
        current_period_to=today + 9 * ONE_DAY,
        renews_on=today + 10 * ONE_DAY,
    )
    desk = staff_desk(app)
    asked = page(desk)
    foretell(desk, moment)
    run_due_jobs(JOB, now=moment)
    assert f"Renewal of {subscription.number}" in page(desk, f"/rehearsal/day/{today + 3 * ONE_DAY}")
    for shown in (asked, page(desk)):
        assert "enewal" not in main_of(shown)


def test_the_csv_holds_every_row(app, account, moment):
    issued(account, moment - 14 * ONE_DAY)
    desk = staff_desk(app)
    foretell(desk, moment)
    run_due_jobs(JOB, now=moment)
    answer = desk.get("/rehearsal/rehearsal.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="rehearsal-')
    assert [row["What"] for row in rows] == ["Reminder"] * 3 + ["Final warning", "Suspension"]
    assert {row["Client ID"] for row in rows} == {"10001"}


def test_what_is_due_is_invoiced_and_the_month_before_stand_side_by_side(app, account, moment):
    last_month = moment.replace(day=1) - ONE_DAY
    issued(account, last_month.replace(day=1), net=12_345)
    desk = staff_desk(app)
    foretell(desk, moment, until=str(moment.date() + ONE_DAY))
    run_due_jobs(JOB, now=moment)
    shown = page(desk)
    assert "Invoice, USD" in shown
    assert "1 · $123.45" in shown
    assert "-1 · -$123.45" in shown
    assert "-$123.45" in shown


def test_an_invoice_that_is_not_there_yet_leads_nowhere(app, account, moment):
    used_on = moment.replace(day=1).date() - ONE_DAY
    UnbilledChargeFactory(account=account, used_on=used_on)
    desk = staff_desk(app, StaffRole.BILLING)
    foretell(desk, moment)
    run_due_jobs(JOB, now=moment)
    of_day = page(desk, f"/rehearsal/day/{moment.date()}")
    assert "Used and not billed yet" in of_day
    assert "/staff/invoices/" not in main_of(of_day)


@pytest.mark.parametrize("until", ["", "yesterday", "2020-01-01", "2999-01-01"])
def test_a_day_that_makes_no_sense_is_refused_with_words(app, account, moment, until):
    desk = staff_desk(app)
    answer = foretell(desk, moment, until=until)
    assert answer.status_code == 422
    assert "Error: " in answer.get_data(as_text=True)
    assert db.session.query(Job).filter_by(kind=JOB).count() == 0


@pytest.mark.parametrize("path", ["day/2026-01-01", "day/nonsense", "day/2026-01-01?page=x", "rehearsal.csv"])
def test_what_was_not_foretold_is_not_found(app, account, path):
    assert staff_desk(app).get(f"/rehearsal/{path}").status_code == 404


def test_a_page_beyond_the_last_is_not_found(app, account, moment):
    issued(account, moment - 14 * ONE_DAY)
    desk = staff_desk(app)
    foretell(desk, moment)
    run_due_jobs(JOB, now=moment)
    tomorrow = moment.date() + ONE_DAY
    assert [desk.get(f"/rehearsal/day/{tomorrow}?page={number}").status_code for number in (0, 1, 2)] == [404, 200, 404]


def test_a_file_that_is_gone_is_said(app, account, moment):
    desk = staff_desk(app)
    foretell(desk, moment)
    run_due_jobs(JOB, now=moment)
    for key in list(stored_files.store.keys("rehearsals")):
        stored_files.store.delete(key)
    app.testing = False
    try:
        answer = desk.get("/rehearsal/rehearsal.csv")
    finally:
        app.testing = True
    assert answer.status_code < 500
    assert "Ask for a new one" in answer.get_data(as_text=True)


def test_a_rehearsal_that_failed_says_so_and_offers_another_one(app, account, moment):
    desk = staff_desk(app)
    foretell(desk, moment)
    job = db.session.query(Job).filter_by(kind=JOB).one()
    job.state, job.started_at = JobState.FAILED, moment
    db.session.commit()
    shown = page(desk)
    assert "Nothing could be foretold." in shown
    assert "Foretold " not in shown
    assert desk.get("/rehearsal/rehearsal.csv").status_code == 404
    assert foretell(desk, moment).status_code == 303


@pytest.mark.parametrize("role", list(StaffRole))
def test_who_may_rehearse(app, account, moment, role):
    desk = staff_desk(app, role)
    allowed = P.STAFF_BOOKS_READ in STAFF_GRANTS[role]
    assert desk.get("/rehearsal/").status_code == (200 if allowed else 403)
    assert foretell(desk, moment).status_code == (303 if allowed else 403)


def test_the_portal_has_no_rehearsal(app, account):
    from domain.permissions import MemberRole

    assert member_desk(app, account, MemberRole.OWNER).get("/rehearsal/").status_code == 404

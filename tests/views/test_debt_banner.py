"""The banner above every page of a portal: overdue invoices, the final warning, suspensions, and who is told what."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Response

from domain.permissions import MemberRole
from extensions import db
from models import AccountStatus, DunningKind, SuspensionCause
from tests.factories.money import DunningStepFactory
from tests.factories.people import AccountFactory, MemberFactory
from tests.services.money import fund, issued
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of

DAY = dt.timedelta(days=1)
PAY, READ = ("Pay now", "/portal/10001/pay/"), ("See the invoices", "/portal/10001/invoices/")
PLAIN = (MemberRole.TICKETS, MemberRole.LICENSES_EDIT)


@pytest.fixture
def today():
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme", currency="EUR")


@pytest.fixture
def overdue(account, today):
    return issued(account, today - 20 * DAY)


def banner(desk, path="/") -> tuple[str, set[tuple[str, str]]]:
    """The words of the banner, and its links; empty without one."""
    page = desk.get(path)
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    if '<aside class="debts"' not in text:
        return "", set()
    part = page_of(Response(text.partition('<aside class="debts"')[2].partition("</aside>")[0].partition(">")[2]))
    return " ".join(part.text.split()), set(part.links)


def test_nothing_overdue_has_no_banner(app, account, today):
    issued(account, today)
    assert banner(member_desk(app, account, MemberRole.OWNER)) == ("", set())


@pytest.mark.parametrize("path", ["/", "/tickets/", "/invoices/"])
def test_every_page_says_what_is_overdue_and_leads_to_paying_it(app, account, overdue, path):
    desk = member_desk(app, account, MemberRole.OWNER)
    assert banner(desk, path) == ("1 invoice is overdue: €100.00. Pay now", {PAY})


def test_the_page_that_pays_does_not_lead_to_itself(app, account, overdue):
    words, links = banner(member_desk(app, account, MemberRole.OWNER), "/pay/")
    assert words == "1 invoice is overdue: €100.00."
    assert links == set()


def test_who_reads_invoices_and_may_not_pay_is_led_to_them(app, account, overdue):
    words, links = banner(member_desk(app, account, MemberRole.BILLING))
    assert words.startswith("1 invoice is overdue: €100.00.")
    assert links == {READ}


@pytest.mark.parametrize("role", PLAIN)
def test_who_has_nothing_to_do_with_money_is_told_nothing_of_debt(app, account, overdue, today, role):
    DunningStepFactory(invoice=overdue, step="final_warning", kind=DunningKind.FINAL_WARNING, done_at=today)
    assert banner(member_desk(app, account, role)) == ("", set())


def test_after_the_final_warning_the_day_of_the_suspension_is_named(app, account, overdue, today):
    issued(account, today - 16 * DAY)
    DunningStepFactory(invoice=overdue, step="final_warning", kind=DunningKind.FINAL_WARNING, done_at=today - DAY)
    words, links = banner(member_desk(app, account, MemberRole.PAYMENTS))
    day = (today + 6 * DAY).date()
    assert words.startswith("Final warning. 2 invoices are overdue: €200.00.")
    assert f"suspended on {day:%B} {day.day}, {day.year}" in words
    assert links == {PAY}


def test_it_goes_when_the_money_has_come(app, account, overdue, today):
    desk = member_desk(app, account, MemberRole.OWNER)
    assert banner(desk)[0]
    fund(account, 10_000, today)
    db.session.commit()
    assert banner(desk) == ("", set())


@pytest.fixture
def other(session, today):
    """An account of the person that is suspended, with debt."""
    other = AccountFactory(client_id="10002", name="Delta", currency="USD")
    issued(other, today - 50 * DAY)
    other.status, other.suspended_at = AccountStatus.SUSPENDED, today
    other.suspension_cause = SuspensionCause.DEBT
    return other


def test_a_suspended_account_says_what_is_off_and_how_it_is_lifted(app, account, other):
    desk = member_desk(app, account, MemberRole.TICKETS)
    MemberFactory(account=other, person=desk.person, is_owner=True)
    words, links = banner(desk)
    assert words == (
        "Delta (10002) is suspended. Nobody of it can sign in and its subscriptions do not renew. It is lifted by itself"
        " when $100.00 of overdue invoices are paid: by bank transfer with the client ID 10002 as the reference."
    )
    assert links == set()


def test_without_a_role_for_money_there_only_the_fact_is_told(app, account, other):
    desk = member_desk(app, account, MemberRole.OWNER)
    MemberFactory(account=other, person=desk.person)
    assert banner(desk)[0] == "Delta (10002) is suspended."


def test_what_staff_suspended_is_lifted_by_them(app, account, other):
    other.suspension_cause = SuspensionCause.STAFF
    desk = member_desk(app, account, MemberRole.OWNER)
    MemberFactory(account=other, person=desk.person, is_owner=True)
    assert banner(desk)[0].endswith("Ask us to lift it.")


def test_a_preview_shows_what_the_member_would_see(app, account, overdue, other):
    desk = member_desk(app, account, MemberRole.OWNER)
    MemberFactory(account=other, person=desk.person, is_owner=True)
    member = MemberFactory(account=account)
    db.session.commit()
    desk.confirm(f"/members/{member.public_id}/preview", role=["billing"])
    words, links = banner(desk)
    assert words == "1 invoice is overdue: €100.00. See the invoices"
    assert links == {READ}


def test_the_back_office_has_no_banner(app, account, overdue):
    assert banner(staff_desk(app)) == ("", set())


def test_names_are_text_and_no_markup(app, account, other):
    other.name = "<b>Delta</b>"
    desk = member_desk(app, account, MemberRole.OWNER)
    MemberFactory(account=other, person=desk.person)
    assert "<b>Delta" not in desk.get("/").get_data(as_text=True)

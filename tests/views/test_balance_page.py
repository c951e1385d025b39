"""What an account can use, shown to those whose roles cover its money, in both realms (SPEC D14)."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import Account
from services.credit_limits import set_credit_limit
from services.credit_reservations import reserve_credit, spend_reservation
from services.invoices import InvoiceLineValues
from services.payment_modes import switch_to_postpaid
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund, issued
from tests.support.desk import member_desk, staff_desk

READERS = [role for role in MemberRole if P.STATEMENTS_READ in MEMBER_GRANTS[role] and role is not MemberRole.OWNER]
OTHERS = [role for role in MemberRole if P.STATEMENTS_READ not in MEMBER_GRANTS[role]]


@pytest.fixture
def real_now():
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def account(session, real_now) -> Account:
    """Prepaid: 100.00, a limit of 50.00 and 20.00 reserved."""
    account = AccountFactory(client_id="10001")
    fund(account, 10_000, real_now)
    last_day = real_now.date() + dt.timedelta(days=9)
    set_credit_limit(account, amount=5_000, last_day=last_day, actor=CLERK, now=real_now)
    reserve_credit(account, amount=2_000, purpose="Numbers ordered", key="x", actor=CLERK, now=real_now)
    return account


@pytest.fixture
def postpaid(session, real_now) -> Account:
    """Postpaid: a limit of 50.00, 12.00 used, 7.00 due."""
    account = AccountFactory(client_id="10002")
    set_credit_limit(account, amount=5_000, actor=CLERK, now=real_now)
    switch_to_postpaid(account, actor=CLERK, now=real_now)
    held = reserve_credit(account, amount=2_000, purpose="Calls", key="x", actor=CLERK, now=real_now)
    spend_reservation(held, [InvoiceLineValues("Calls to Mars", unit_price=1_200)], actor=CLERK, now=real_now)
    issued(account, real_now, net=700)
    return account


def words(answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))).split())


@pytest.mark.parametrize("role", READERS)
def test_members_whose_roles_cover_money_see_how_a_prepaid_account_adds_up(app, account, role):
    desk = member_desk(app, account, role)
    page = words(desk.get("/balance/"))
    for said in ("Balance $100.00", "Credit limit Until", "$50.00", "-$20.00", "$130.00", "Numbers ordered"):
        assert said in page
    assert '/portal/10001/balance/"' in desk.get("/").get_data(as_text=True)


def test_a_postpaid_account_sees_what_is_unbilled_and_due(app, postpaid):
    page = words(member_desk(app, postpaid, MemberRole.BILLING).get("/balance/"))
    for said in ("-$19.00", "-$7.00", "-$12.00", "Permanent $50.00", "$38.00", "Calls to Mars"):
        assert said in page


@pytest.mark.parametrize("role", OTHERS)
def test_other_members_neither_open_it_nor_are_led_there(app, account, role):
    desk = member_desk(app, account, role)
    assert desk.get("/balance/").status_code == 403
    assert "/balance/" not in desk.get("/").get_data(as_text=True)


def test_nobody_sees_the_balance_of_another_account(app, account, postpaid):
    desk = member_desk(app, postpaid, MemberRole.BILLING)
    assert desk.client.get("/portal/10001/balance/").status_code == 404


def test_the_first_pages_say_what_can_be_used_where_that_is_not_the_balance(app, account):
    page = words(member_desk(app, account, MemberRole.BILLING).get("/"))
    assert "You can use $130.00" in page
    other = AccountFactory()
    db.session.commit()
    assert "You can use" not in words(member_desk(app, other, MemberRole.BILLING).get("/"))


def test_a_prepaid_account_is_offered_to_pay_with_all_that_is_usable(app, account, real_now):
    issued(account, real_now, net=13_000)
    db.session.commit()
    desk = member_desk(app, account, MemberRole.PAYMENTS)
    assert "$130.00 can be used. Part of it is your credit limit." in words(desk.get("/pay/"))


@pytest.mark.parametrize("role", list(StaffRole))
def test_staff_who_read_money_see_the_figures_on_the_account(app, postpaid, role):
    page = words(staff_desk(app, role).get("/accounts/10002"))
    shown = "-$12.00 (used and not billed yet; billed after the month)" in page
    assert shown == (P.STATEMENTS_READ in STAFF_GRANTS[role])

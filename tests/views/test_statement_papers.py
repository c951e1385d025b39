"""The statement as a PDF: the lines of some days, whose balances are those of the list."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.permissions import MemberRole
from tests.factories.people import AccountFactory
from tests.services.money import fund, issued
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import said_by
from tests.support.pdf import text_of

PATH = "/papers/statement"


@pytest.fixture
def account(session, now):
    account = AccountFactory(client_id="10001", currency="USD")
    fund(account, 2_500, now - dt.timedelta(days=40))
    issued(account, now)
    fund(account, 4_000, now)
    return account


def test_a_statement_has_opening_running_and_closing_balance(app, account):
    desk = member_desk(app, account, MemberRole.BILLING)
    assert "Choose the days" in desk.get("/statements/").get_data(as_text=True)
    answer = desk.get(f"{PATH}?from=2026-05-01&to=2026-05-31")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-10001-2026-05-01-2026-05-31.pdf"'
    text = text_of(answer.data, "-layout")
    for wanted in ("Opening balance", "$25.00", "-$100.00", "-$75.00", "$40.00", "Closing balance", "-$35.00"):
        assert wanted in text, wanted
    assert "Apr" not in text


def test_days_in_which_nothing_happened_say_so_with_the_balance_of_then(app, account):
    desk = member_desk(app, account, MemberRole.OWNER)
    text = text_of(desk.get(f"{PATH}?from=2026-05-01&to=2026-05-02").data)
    assert "Nothing happened in these days." in text
    assert "$25.00" in text


def test_the_page_asks_for_the_days_first(app, account):
    page = member_desk(app, account, MemberRole.OWNER).get(PATH).get_data(as_text=True)
    assert 'name="from"' in page
    assert 'name="to"' in page


@pytest.mark.parametrize("days", ["from=&to=", "from=x&to=y", "from=2026-05-01", "from=2026-02-30&to=2026-03-01"])
def test_days_that_are_none_are_said(app, account, days):
    answer = member_desk(app, account, MemberRole.OWNER).get(f"{PATH}?{days}")
    assert answer.status_code == 422
    assert said_by(answer)


def test_days_the_wrong_way_round_are_refused(app, account):
    assert member_desk(app, account, MemberRole.OWNER).get(f"{PATH}?from=2026-05-02&to=2026-05-01").status_code == 409


def test_staff_name_the_account(app, account):
    desk = staff_desk(app)
    assert desk.get(PATH).status_code == 404
    assert desk.get(f"{PATH}?account=10001&from=2026-05-01&to=2026-05-31").data.startswith(b"%PDF")


def test_who_may_not_read_statements_gets_none_and_nobody_gets_those_of_another(app, account):
    assert member_desk(app, account, MemberRole.TICKETS).get(f"{PATH}?from=2026-05-01&to=2026-05-31").status_code == 403
    other = member_desk(app, AccountFactory(client_id="10002", currency="EUR"), MemberRole.OWNER)
    text = text_of(other.get(f"{PATH}?account=10001&from=2026-05-01&to=2026-05-31").data)
    assert "Nothing happened" in text

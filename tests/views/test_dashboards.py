"""The first page of each realm: what it answers, for whom, and with how many statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import JobState, PaymentStatus, SubscriptionStatus, TicketStatus
from services.business_figures import FIGURES_JOB, count_business
from tests.factories.activity import JobFactory
from tests.factories.money import PaymentFactory
from tests.factories.people import AccountFactory, MemberRoleGrantFactory
from tests.factories.services import LicenseFactory, SubscriptionFactory
from tests.factories.support import TicketFactory
from tests.services.money import issued
from tests.support.door import member_who_can_sign_in, sign_in_as, staff_who_can_sign_in

STAFF, OWNER = "sam@provider.example", "mia@acme.example"
MOST_STATEMENTS = 12


@pytest.fixture
def account(session):
    return AccountFactory(client_id="20777", name="Acme Telecom", currency="USD")


@contextmanager
def statements() -> Iterator[list[str]]:
    """What was sent to the database meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def staff_page(client, session, role=StaffRole.ADMINISTRATOR, address="/staff/"):
    staff = staff_who_can_sign_in(STAFF, role=role)
    session.commit()
    sign_in_as(client, STAFF)
    return staff, client.get(address)


def busy(account, now):
    """Something for every box."""
    issued(account, now - dt.timedelta(days=60), net=70_000)
    LicenseFactory(account=account, expires_on=now.date() + dt.timedelta(days=3))
    TicketFactory(account=account, status=TicketStatus.OPEN, subject="Phones are silent")
    PaymentFactory(
        account=account, status=PaymentStatus.FAILED, settled_at=None, failure_reason="The bank declined the card"
    )
    JobFactory(state=JobState.FAILED)
    JobFactory(kind=FIGURES_JOB, state=JobState.DONE, finished_at=now, result=count_business(now=now))


def test_staff_see_the_months_what_waits_and_why_payments_failed(client, session, account):
    now = dt.datetime.now(dt.UTC)
    busy(account, now)
    _, page = staff_page(client, session)
    for words in (
        "Invoiced, received and owed, USD",
        "$700.00",
        "Jobs failed",
        "Tickets nobody took",
        "Phones are silent",
        "The bank declined the card",
    ):
        assert words in page.text, words
    assert "Mails held" in page.text
    waiting = page.text.split('id="waiting"')[1].split("</section>")[0]
    assert "Data requests" not in waiting  # there is none


def test_an_agent_sees_their_own_tickets_and_no_money(client, session, account):
    now = dt.datetime.now(dt.UTC)
    busy(account, now)
    staff = staff_who_can_sign_in(STAFF, role=StaffRole.SUPPORT_AGENT)
    TicketFactory(account=account, subject="Mine to answer", assignee=staff)
    session.commit()
    sign_in_as(client, STAFF)
    page = client.get("/staff/").text
    mine = page.split('id="mine"')[1].split("</section>")[0]
    assert "Mine to answer" in mine
    assert f"assignee={staff.public_id}" in mine
    for hidden in ("Invoiced, received and owed", "Failed payments", "Jobs failed"):
        assert hidden not in page


def test_before_the_first_count_the_page_says_that_it_comes(client, session, account):
    _, page = staff_page(client, session)
    assert "it is not counted yet" in page.text


def test_another_currency_is_chosen_by_the_address_and_nonsense_shows_the_first(client, session, account):
    now = dt.datetime.now(dt.UTC)
    issued(AccountFactory(currency="EUR"), now, net=900)
    busy(account, now)
    _, page = staff_page(client, session)
    assert "owed, USD" in page.text
    assert "owed, EUR" in client.get("/staff/?currency=EUR").text
    assert "owed, USD" in client.get("/staff/?currency=%00<script>").text


def test_the_first_page_of_staff_costs_few_statements_however_much_there_is(client, session, account):
    now = dt.datetime.now(dt.UTC)
    busy(account, now)
    staff_page(client, session)
    for _more in range(5):
        busy(account, now)
    session.commit()
    with statements() as asked:
        assert client.get("/staff/").status_code == 200
    assert len(asked) <= MOST_STATEMENTS, "\n".join(asked)


def portal_page(client, session, account, *roles, owner=False):
    member = member_who_can_sign_in(OWNER, account=account, is_owner=owner)
    for role in roles:
        MemberRoleGrantFactory(member=member, role=role)
    session.commit()
    sign_in_as(client, OWNER)
    return client.get("/portal/20777/")


def test_an_owner_sees_the_next_charge_and_how_many_tickets_wait_for_them(client, session, account):
    now = dt.datetime.now(dt.UTC)
    day = now.date() + dt.timedelta(days=20)
    SubscriptionFactory(
        account=account,
        status=SubscriptionStatus.ACTIVE,
        renews_on=day,
        current_period_to=day - dt.timedelta(days=1),
        recurring_price=12_300,
        currency="USD",
    )
    TicketFactory(account=account, status=TicketStatus.WAITING_FOR_CUSTOMER)
    TicketFactory(status=TicketStatus.WAITING_FOR_CUSTOMER)  # somebody else's
    page = portal_page(client, session, account, owner=True).text
    assert "Next charge" in page
    assert "$123.00" in page
    assert "One waits for you" in page


def test_a_member_for_tickets_sees_no_charge(client, session, account):
    SubscriptionFactory(account=account, status=SubscriptionStatus.ACTIVE, recurring_price=12_300)
    page = portal_page(client, session, account, MemberRole.TICKETS).text
    assert "Open tickets" in page
    assert "Next charge" not in page


def test_the_first_page_of_an_account_costs_few_statements_however_much_there_is(client, session, account):
    now = dt.datetime.now(dt.UTC)
    for _more in range(5):
        busy(account, now)
    SubscriptionFactory(account=account, status=SubscriptionStatus.ACTIVE)
    portal_page(client, session, account, owner=True)
    with statements() as asked:
        assert client.get("/portal/20777/").status_code == 200
    assert len(asked) <= MOST_STATEMENTS, "\n".join(asked)

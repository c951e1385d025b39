"""What pages are told of debts: counted from what is really overdue, in one statement, for one account and one person."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event

from extensions import db
from models import Account, AccountStatus, DunningKind, SuspensionCause
from models.person import Person
from services.debts import Debt, debts_seen
from services.settings import change_setting
from tests.factories.money import DunningStepFactory
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory
from tests.services.money import CLERK, draft, fund, issued

DAY = dt.timedelta(days=1)
OVERDUE = 15 * DAY  # fourteen days to pay, and the day after


@pytest.fixture
def owner(session) -> Person:
    account = AccountFactory(name="Acme", client_id="10001", currency="EUR")
    return OwnerFactory(account=account).person


@pytest.fixture
def account(owner) -> Account:
    return db.session.query(Account).one()


def seen(account, person, at) -> list[Debt]:
    return debts_seen(account.id, person.id, now=at)


def final_warning(invoice, at) -> None:
    DunningStepFactory(invoice=invoice, step="final_warning", kind=DunningKind.FINAL_WARNING, done_at=at)


def test_what_is_past_its_due_day_counts_and_nothing_else(account, owner, now):
    draft(account, now)
    for _number in range(2):
        issued(account, now)
    issued(account, now + DAY)
    issued(AccountFactory(), now)
    [debt] = seen(account, owner, now + OVERDUE)
    assert (debt.invoices, debt.amount, debt.currency) == (2, 20_000, "EUR")
    assert (debt.suspended_for, debt.suspended_on) == (None, None)
    [before] = seen(account, owner, now + OVERDUE - DAY)
    assert (before.invoices, before.amount) == (0, 0)


def test_what_is_paid_in_part_counts_with_what_is_left(account, owner, now):
    issued(account, now)
    fund(account, 4_000, now)
    [debt] = seen(account, owner, now + OVERDUE)
    assert (debt.invoices, debt.amount) == (1, 6_000)
    fund(account, 6_000, now)
    [paid] = seen(account, owner, now + OVERDUE)
    assert (paid.invoices, paid.amount) == (0, 0)


def test_after_the_final_warning_the_day_of_the_suspension_is_the_one_of_the_mail(account, owner, now):
    first, second = issued(account, now), issued(account, now)
    final_warning(first, now + 35 * DAY)
    final_warning(second, now + 37 * DAY)
    [debt] = seen(account, owner, now + 38 * DAY)
    assert debt.suspended_on == (now + 42 * DAY).date()
    assert (debt.invoices, debt.amount) == (2, 20_000)


def test_a_day_that_has_passed_is_today(account, owner, now):
    final_warning(issued(account, now), now + 35 * DAY)
    [debt] = seen(account, owner, now + 60 * DAY)
    assert debt.suspended_on == (now + 60 * DAY).date()


def test_where_nobody_is_suspended_no_day_is_named(account, owner, now):
    final_warning(issued(account, now), now + 35 * DAY)
    change_setting("dunning_suspension_days", "0", actor=CLERK, now=now)
    [debt] = seen(account, owner, now + 38 * DAY)
    assert debt.suspended_on is None


def test_a_warning_of_what_is_paid_by_now_says_nothing(account, owner, now):
    final_warning(issued(account, now), now + 35 * DAY)
    fund(account, 10_000, now)
    issued(account, now + 10 * DAY)
    [debt] = seen(account, owner, now + 38 * DAY)
    assert (debt.invoices, debt.suspended_on) == (1, None)


def suspended(owner, *, cause=SuspensionCause.DEBT, **seat) -> Account:
    other = AccountFactory(
        name="Other", client_id="10002", status=AccountStatus.SUSPENDED, suspension_cause=cause, suspended_at=None
    )
    MemberFactory(account=other, person=owner, **seat)
    return other


def test_a_suspended_account_of_the_person_is_seen_from_another(account, owner, now):
    other = suspended(owner, is_owner=True)
    issued(other, now)
    _here, debt = seen(account, owner, now + OVERDUE)
    assert (debt.client_id, debt.suspended_for, debt.amount) == ("10002", SuspensionCause.DEBT, 10_000)
    assert debt.reads_invoices


@pytest.mark.parametrize(("role", "reads"), [("billing", True), ("payments", True), ("tickets", False), (None, False)])
def test_who_reads_the_invoices_of_a_suspended_account_their_own_seat_says(account, owner, now, role, reads):
    other = suspended(owner)
    if role is not None:
        member = next(each for each in db.session.query(MemberFactory._meta.model) if each.account_id == other.id)
        MemberRoleGrantFactory(member=member, role=role)
    assert [debt.reads_invoices for debt in seen(account, owner, now)] == [True, reads]


@pytest.mark.parametrize("seat", [{"status": "disabled"}, {"portal_access": False}], ids=["disabled", "no access"])
def test_a_seat_that_was_taken_away_tells_nothing(account, owner, now, seat):
    suspended(owner, **seat)
    assert [debt.client_id for debt in seen(account, owner, now)] == ["10001"]


def test_others_see_nothing_of_it(account, owner, now):
    suspended(owner)
    stranger = MemberFactory(account=account).person
    assert [debt.client_id for debt in seen(account, stranger, now)] == ["10001"]
    assert [debt.client_id for debt in debts_seen(account.id, None, now=now)] == ["10001"]


def test_it_is_one_statement(account, owner, now):
    for _number in range(3):
        issued(account, now)
    suspended(owner)
    db.session.commit()
    asked: list[str] = []
    engine = db.session.get_bind()

    def note(_connection, _cursor, statement, *_more):
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    account_id, person_id = account.id, owner.id
    event.listen(engine, "before_cursor_execute", note)
    try:
        debts_seen(account_id, person_id, now=now + OVERDUE)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 1, asked

"""Deleting an account: what stands in the way, time to think again, and what is left of people in the end."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.invoices import InvoiceStatus
from extensions import db
from jobs.account_deletions import carry_out, remind
from jobs.registry import JobContext
from models import (
    Account,
    AccountStatus,
    FinancingRequest,
    Member,
    MemberStatus,
    NotificationDelivery,
    PaymentStatus,
    Person,
    SignInSession,
    SuspensionCause,
    TicketStatus,
    TotpFactor,
)
from models.subscription import SubscriptionStatus
from services.accounts import AccountNotSuspended, reactivate_account, suspend_account
from services.audit import timeline_of, verify_chain
from services.deletions import (
    AccountNotDeletable,
    BlockerKind,
    DeletionBlocked,
    DeletionNotUnderWay,
    blockers_of,
    consequences_of,
    start_deletion,
    undo_deletion,
)
from services.settings import change_setting
from tests.factories.catalogue import FinancingRequestFactory
from tests.factories.money import InvoiceFactory, PaymentFactory, UnbilledChargeFactory
from tests.factories.people import (
    AccountFactory,
    MemberFactory,
    OwnerFactory,
    PersonFactory,
    SignInSessionFactory,
    TotpFactorFactory,
)
from tests.factories.services import LicenseFactory, SubscriptionFactory
from tests.factories.support import TicketFactory
from tests.services.money import CLERK, fund


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory(client_id="10001", name="Acme", contact_name="Olivia", contact_phone="+1 555 0100")


@pytest.fixture
def owner(account: Account) -> Member:
    person = PersonFactory(first_name="Olivia", last_name="Owner", email="olivia@acme.example", managed_by=account)
    return OwnerFactory(account=account, person=person)


def in_the_way(account: Account, now: dt.datetime) -> set[str]:
    return {blocker.kind for blocker in blockers_of(account, now=now) if blocker.number}


def mails(event: str) -> list[NotificationDelivery]:
    return list(db.session.scalars(select(NotificationDelivery).where(NotificationDelivery.event == event)))


def clock_strikes(now: dt.datetime) -> tuple[dict[str, int], dict[str, int]]:
    """Both jobs of the clock, as the runner starts them: without anything of ours in the session."""
    db.session.commit()
    told = remind(JobContext(1, "remind_of_deletions", {}, now))
    done = carry_out(JobContext(2, "carry_out_deletions", {}, now))
    db.session.expire_all()
    return told, done


def test_an_account_without_anything_has_nothing_in_the_way(account: Account, now: dt.datetime) -> None:
    assert in_the_way(account, now) == set()
    assert [blocker.kind for blocker in blockers_of(account, now=now)] == list(BlockerKind)


def test_money_documents_services_and_tickets_stand_in_the_way(account: Account, now: dt.datetime) -> None:
    fund(account, 500, now)
    InvoiceFactory(account=account, status=InvoiceStatus.UNPAID)
    InvoiceFactory(account=account, status=InvoiceStatus.DRAFT, number="DRAFT-1")
    PaymentFactory(account=account, status=PaymentStatus.BEING_CHECKED, settled_at=None)
    SubscriptionFactory(account=account, status=SubscriptionStatus.SUSPENDED)
    TicketFactory(account=account, status=TicketStatus.WAITING_FOR_CUSTOMER)
    UnbilledChargeFactory(account=account, total=700)
    found = {blocker.kind: blocker for blocker in blockers_of(account, now=now)}
    wanted = {kind.value for kind in BlockerKind} - {BlockerKind.CREDIT, BlockerKind.DEBT}
    assert in_the_way(account, now) >= wanted
    assert (found[BlockerKind.FUNDS].amount, found[BlockerKind.UNBILLED].amount) == (500, 700)
    with pytest.raises(DeletionBlocked, match=r"funds.*subscriptions, tickets"):
        start_deletion(account, actor=CLERK, now=now)
    assert account.status is AccountStatus.ACTIVE


def test_what_is_done_with_and_what_others_have_is_not_in_the_way(account: Account, now: dt.datetime) -> None:
    InvoiceFactory(account=account, status=InvoiceStatus.VOID)
    PaymentFactory(account=account, status=PaymentStatus.FAILED, settled_at=None)
    SubscriptionFactory(account=account, status=SubscriptionStatus.EXPIRED)
    TicketFactory(account=account, status=TicketStatus.ARCHIVED, solved_at=now, archived_at=now)
    fund(AccountFactory(), 500, now)
    assert in_the_way(account, now) == set()


def test_consequences_count_people_licenses_and_accounts_below(account: Account, owner: Member) -> None:
    MemberFactory(account=account, status=MemberStatus.DISABLED)
    LicenseFactory(account=account)
    found = consequences_of(account)
    assert (found.people, found.licenses, found.customers) == (1, 1, 0)


def test_starting_suspends_ends_sessions_and_tells_the_owner_the_day(
    account: Account, owner: Member, now: dt.datetime
) -> None:
    SignInSessionFactory(person=owner.person)
    start_deletion(account, actor=CLERK, now=now, reason="They asked")
    assert account.status is AccountStatus.SUSPENDED_FOR_DELETION
    assert account.deletion_due_on == now.date() + dt.timedelta(days=30)
    db.session.expire_all()
    assert db.session.scalars(select(SignInSession.ended_at)).one() == now
    (mail,) = mails("account_deletion_started")
    assert mail.address == "olivia@acme.example"
    assert "June 14, 2026" in mail.subject
    assert "10001" in mail.text
    assert timeline_of("account", "10001")[0].after["reason"] == "They asked"
    with pytest.raises(AccountNotDeletable):
        start_deletion(account, actor=CLERK, now=now)


def test_the_time_to_think_again_is_a_setting(account: Account, now: dt.datetime) -> None:
    change_setting("deletion_days", "60", actor=CLERK, now=now)
    assert start_deletion(account, actor=CLERK, now=now).deletion_due_on == now.date() + dt.timedelta(days=60)


def test_an_account_that_waits_is_undone_and_not_reactivated(account: Account, owner: Member, now: dt.datetime) -> None:
    start_deletion(account, actor=CLERK, now=now)
    with pytest.raises(AccountNotSuspended):
        reactivate_account(account, actor=CLERK, now=now)
    undo_deletion(account, actor=CLERK, now=now)
    assert (account.status, account.deletion_due_on, account.suspended_at) == (AccountStatus.ACTIVE, None, None)
    assert len(mails("account_deletion_undone")) == 1
    with pytest.raises(DeletionNotUnderWay):
        undo_deletion(account, actor=CLERK, now=now)


def test_who_was_suspended_before_is_suspended_again_when_it_is_undone(account: Account, now: dt.datetime) -> None:
    earlier = now - dt.timedelta(days=3)
    suspend_account(account, actor=CLERK, now=earlier)
    start_deletion(account, actor=CLERK, now=now)
    undo_deletion(account, actor=CLERK, now=now)
    assert (account.status, account.suspension_cause) == (AccountStatus.SUSPENDED, SuspensionCause.STAFF)
    assert account.suspended_at == earlier


def test_the_owner_is_reminded_a_week_before_and_once(account: Account, owner: Member, now: dt.datetime) -> None:
    start_deletion(account, actor=CLERK, now=now)
    clock_strikes(now + dt.timedelta(days=22))
    assert mails("account_deletion_soon") == []
    for days in (23, 23, 25, 29):
        clock_strikes(now + dt.timedelta(days=days))
    assert len(mails("account_deletion_soon")) == 1
    assert account.status is AccountStatus.SUSPENDED_FOR_DELETION


def test_on_the_day_personal_data_is_replaced_and_documents_stay(
    account: Account, owner: Member, now: dt.datetime
) -> None:
    invoice = InvoiceFactory(account=account, status=InvoiceStatus.VOID, number="INV-1")
    TotpFactorFactory(person=owner.person)
    SignInSessionFactory(person=owner.person)
    FinancingRequestFactory(account=account, phone="+1 202", note="Ask for Robin.", amount=500_000)
    person_id = owner.person_id
    start_deletion(account, actor=CLERK, now=now)
    _told, done = clock_strikes(now + dt.timedelta(days=30))
    assert done == {"deleted": 1, "blocked": 0}
    assert (account.status, account.deleted_at) == (AccountStatus.DELETED, now + dt.timedelta(days=30))
    assert (account.contact_name, account.contact_email, account.contact_phone) == (None, None, None)
    assert account.name == "Acme"
    person = db.session.get_one(Person, person_id)
    assert (person.name, person.email, person.password_hash) == ("deleted person", None, None)
    assert person.erased_at is not None
    assert db.session.scalar(select(func.count()).select_from(TotpFactor)) == 0
    assert db.session.scalars(select(SignInSession.ip)).all() == [None]
    request = db.session.scalars(select(FinancingRequest).execution_options(populate_existing=True)).one()
    assert (request.contact, request.email, request.phone, request.note) == ("deleted person", "deleted", None, None)
    assert request.amount == 500_000
    assert db.session.get_one(type(invoice), invoice.id).number == "INV-1"
    assert {(mail.address, mail.text) for mail in mails("account_deletion_started")} == {("deleted", "")}
    assert timeline_of("account", "10001")[0].event == "account.deleted"
    assert verify_chain(account.id) is None
    assert clock_strikes(now + dt.timedelta(days=31))[1] == {"deleted": 0, "blocked": 0}


def test_people_with_a_seat_elsewhere_or_of_another_house_keep_who_they_are(
    account: Account, owner: Member, now: dt.datetime
) -> None:
    other = AccountFactory()
    managed_here = PersonFactory(managed_by=account, first_name="Ada")
    MemberFactory(account=account, person=managed_here)
    MemberFactory(account=other, person=managed_here)
    managed_there = PersonFactory(managed_by=other, first_name="Bob")
    guest = MemberFactory(account=account, person=managed_there)
    start_deletion(account, actor=CLERK, now=now)
    clock_strikes(now + dt.timedelta(days=30))
    assert (managed_here.first_name, managed_here.erased_at, managed_here.managed_by_account_id) == ("Ada", None, None)
    assert (managed_there.first_name, managed_there.managed_by_account_id) == ("Bob", other.id)
    assert guest.status is MemberStatus.DISABLED


def test_money_that_came_meanwhile_lets_the_deletion_wait(account: Account, owner: Member, now: dt.datetime) -> None:
    start_deletion(account, actor=CLERK, now=now)
    fund(account, 500, now)
    assert clock_strikes(now + dt.timedelta(days=30))[1] == {"deleted": 0, "blocked": 1}
    assert account.status is AccountStatus.SUSPENDED_FOR_DELETION
    assert db.session.get_one(Person, owner.person_id).email == "olivia@acme.example"
    undo_deletion(account, actor=CLERK, now=now)

"""Pay limits: what a member pays alone, and what the owner lets pass."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor
from domain.invoices import InvoiceStatus
from domain.permissions import MemberRole
from extensions import db
from models import Account, Invoice, Member, NotificationDelivery, PayApproval, PayApprovalStatus
from services.allocations import InvoiceNotPayable
from services.audit import target_of, timeline_of
from services.invoices import pay_invoice_from_balance
from services.ledger import NotEnoughFunds, open_ledger_accounts
from services.pay_approvals import (
    APPROVAL_LIVES,
    AbovePayLimit,
    ApprovalNotOpen,
    ApprovalNotYours,
    ApprovedAlready,
    AskedAlready,
    NoApprovalNeeded,
    QuestionNotYours,
    approve_payment,
    ask_for_payment,
    decline_payment,
    require_within_pay_limit,
    withdraw_question,
)
from services.people import NotWhileLoggedInAs
from services.step_up import ProofNeeded
from services.waiting_tasks import Task, waiting_in_account
from tests.factories.money import InvoiceFactory, PaymentAllocationFactory, PaymentFactory
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory
from tests.services.money import CLERK, fund, funds, issued, member_actor
from tests.support.parallel import at_once, refusals


@pytest.fixture
def account(session: Session) -> Account:

    found = AccountFactory(name="Acme")
    open_ledger_accounts([(found.id, found.currency)], now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return found


@pytest.fixture
def owner(account: Account) -> Actor:
    return member_actor(OwnerFactory(account=account))


@pytest.fixture
def member(account: Account) -> Member:
    found = MemberFactory(account=account, pay_limit=9_999, currency="USD")
    MemberRoleGrantFactory(member=found, role=MemberRole.PAYMENTS)
    return found


@pytest.fixture
def asker(member: Member) -> Actor:
    return member_actor(member)


@pytest.fixture
def invoice(account: Account, now: dt.datetime) -> Invoice:
    """100.00 USD, one cent above the limit, with more than enough money to pay it."""

    fund(account, 50_000, now)
    return issued(account, now, net=10_000)


def test_above_the_limit_the_owner_is_asked_and_the_payment_passes_once(
    account: Account, invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime
) -> None:
    with pytest.raises(AbovePayLimit) as refused:
        pay_invoice_from_balance(invoice, actor=asker, now=now)
    assert refused.value.instead == "ask-the-owner"
    approval = ask_for_payment(invoice, actor=asker, now=now, note=" For the new phones ")
    assert (approval.amount, approval.currency, approval.note) == (10_000, "USD", "For the new phones")
    assert waiting_in_account([Task.PAYMENTS_TO_APPROVE], account.id, None, now=now)[Task.PAYMENTS_TO_APPROVE] == 1
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert mail.person_id == owner.person_id
    assert f"/pay-approvals/{approval.public_id}" in mail.text
    with pytest.raises(AbovePayLimit):
        pay_invoice_from_balance(invoice, actor=asker, now=now)
    approve_payment(approval, actor=owner, now=now)
    assert db.session.scalars(
        select(NotificationDelivery.person_id).order_by(NotificationDelivery.id.desc())
    ).first() == (asker.person_id)
    pay_invoice_from_balance(invoice, actor=asker, now=now)
    assert (invoice.status, approval.status, approval.used_at) == (InvoiceStatus.PAID, PayApprovalStatus.USED, now)
    assert [event.event for event in timeline_of(*target_of(approval))] == [
        "pay_approval.used",
        "pay_approval.approved",
        "pay_approval.asked",
    ]


def test_up_to_the_limit_nobody_is_asked(account: Account, asker: Actor, now: dt.datetime) -> None:

    fund(account, 50_000, now)
    small = issued(account, now, net=9_999)
    with pytest.raises(NoApprovalNeeded):
        ask_for_payment(small, actor=asker, now=now)
    pay_invoice_from_balance(small, actor=asker, now=now)
    assert small.status is InvoiceStatus.PAID


def test_owners_staff_and_members_without_a_limit_pay_alone(
    account: Account, invoice: Invoice, owner: Actor, now: dt.datetime
) -> None:
    unlimited = member_actor(MemberFactory(account=account))
    for actor in (owner, CLERK, unlimited):
        require_within_pay_limit(invoice, 1_000_000, actor=actor, now=now)
        with pytest.raises(NoApprovalNeeded):
            ask_for_payment(invoice, actor=actor, now=now)


def test_many_small_payments_of_one_invoice_do_not_get_around_the_limit(
    account: Account, member: Member, asker: Actor, now: dt.datetime
) -> None:
    invoice = InvoiceFactory(account=account, currency="USD")
    payment = PaymentFactory(account=account, paid_by=member.person, currency="USD", amount=6_000)
    PaymentAllocationFactory(payment=payment, invoice=invoice, amount=6_000)
    require_within_pay_limit(invoice, 3_999, actor=asker, now=now)
    with pytest.raises(AbovePayLimit, match=r"this would be 100\.00 USD"):
        require_within_pay_limit(invoice, 4_000, actor=asker, now=now)


def test_what_others_paid_does_not_count(account: Account, asker: Actor, now: dt.datetime) -> None:
    invoice = InvoiceFactory(account=account, currency="USD")
    payment = PaymentFactory(account=account, currency="USD", amount=6_000)
    PaymentAllocationFactory(payment=payment, invoice=invoice, amount=6_000)
    require_within_pay_limit(invoice, 9_999, actor=asker, now=now)
    with pytest.raises(AbovePayLimit):
        require_within_pay_limit(invoice, 10_000, actor=asker, now=now)


def approved(invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime) -> PayApproval:
    return approve_payment(ask_for_payment(invoice, actor=asker, now=now), actor=owner, now=now)


def test_an_approval_holds_for_its_invoice_its_amount_and_its_member_only(
    account: Account, invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime
) -> None:
    approval = approved(invoice, asker, owner, now)
    other = issued(account, now, net=10_000)
    another = member_actor(MemberFactory(account=account, pay_limit=0, currency="USD"))
    for subject, amount, actor in ((other, 10_000, asker), (invoice, 10_001, asker), (invoice, 10_000, another)):
        with pytest.raises(AbovePayLimit):
            require_within_pay_limit(subject, amount, actor=actor, now=now)
    assert approval.status is PayApprovalStatus.APPROVED
    require_within_pay_limit(invoice, 10_000, actor=asker, now=now)
    with pytest.raises(AbovePayLimit):
        require_within_pay_limit(invoice, 10_000, actor=asker, now=now)


def test_an_approval_holds_for_30_days(invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime) -> None:
    approved(invoice, asker, owner, now)
    with pytest.raises(ApprovedAlready):
        ask_for_payment(invoice, actor=asker, now=now)
    later = now + APPROVAL_LIVES
    with pytest.raises(AbovePayLimit):
        pay_invoice_from_balance(invoice, actor=asker, now=later)
    assert ask_for_payment(invoice, actor=asker, now=later).is_open


def test_a_payment_that_fails_does_not_use_the_approval_up(
    account: Account, asker: Actor, owner: Actor, now: dt.datetime
) -> None:

    invoice = issued(account, now, net=10_000)
    approval = approved(invoice, asker, owner, now)
    db.session.commit()
    with pytest.raises(NotEnoughFunds):
        pay_invoice_from_balance(invoice, actor=asker, now=now)
    db.session.rollback()
    assert db.session.get_one(PayApproval, approval.id).status is PayApprovalStatus.APPROVED


def test_one_question_at_a_time(invoice: Invoice, asker: Actor, now: dt.datetime) -> None:
    first = ask_for_payment(invoice, actor=asker, now=now)
    with pytest.raises(AskedAlready):
        ask_for_payment(invoice, actor=asker, now=now)
    withdraw_question(first, actor=asker, now=now)
    assert ask_for_payment(invoice, actor=asker, now=now).id != first.id


def test_questions_asked_at_once_are_one(invoice: Invoice, asker: Actor, now: dt.datetime) -> None:
    invoice_id = invoice.id
    results = at_once(lambda _n: ask_for_payment(db.session.get_one(Invoice, invoice_id), actor=asker, now=now).id, 8)
    assert len(refusals(results)) == 7
    assert len(db.session.scalars(select(PayApproval)).all()) == 1


def test_an_approval_used_at_once_pays_once(
    account: Account, invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime
) -> None:
    approved(invoice, asker, owner, now)
    invoice_id = invoice.id
    before = funds(account)

    def use(_n: int) -> None:
        require_within_pay_limit(db.session.get_one(Invoice, invoice_id), 10_000, actor=asker, now=now)

    assert len(refusals(at_once(use, 8))) == 7
    assert funds(account) == before


def test_a_paid_invoice_is_not_asked_for(invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime) -> None:
    pay_invoice_from_balance(invoice, actor=owner, now=now)
    with pytest.raises(InvoiceNotPayable):
        ask_for_payment(invoice, actor=asker, now=now)


@pytest.mark.parametrize("decide", [approve_payment, decline_payment])
def test_only_the_owner_decides(
    account: Account, invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime, decide
) -> None:
    approval = ask_for_payment(invoice, actor=asker, now=now)
    for actor in (asker, CLERK, member_actor(OwnerFactory()), member_actor(MemberFactory(account=account))):
        with pytest.raises(ApprovalNotYours):
            decide(approval, actor=actor, now=now)
    with pytest.raises(ProofNeeded):
        decide(approval, actor=dataclasses.replace(owner, proved_at=now - dt.timedelta(minutes=16)), now=now)
    with pytest.raises(NotWhileLoggedInAs):
        decide(approval, actor=dataclasses.replace(owner, on_behalf_of_id=owner.person_id), now=now)
    assert approval.is_open


def test_a_question_is_answered_once(invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime) -> None:
    approval = ask_for_payment(invoice, actor=asker, now=now)
    decline_payment(approval, actor=owner, now=now, reason="Too much")
    mail = db.session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id.desc())).first()
    assert mail is not None
    assert "Too much" in mail.text
    for act in (approve_payment, decline_payment):
        with pytest.raises(ApprovalNotOpen):
            act(approval, actor=owner, now=now)
    with pytest.raises(ApprovalNotOpen):
        withdraw_question(approval, actor=asker, now=now)


def test_an_approval_that_was_not_used_is_taken_back(
    invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime
) -> None:
    decline_payment(approved(invoice, asker, owner, now), actor=owner, now=now)
    with pytest.raises(AbovePayLimit):
        pay_invoice_from_balance(invoice, actor=asker, now=now)


def test_only_who_asked_withdraws(
    account: Account, invoice: Invoice, asker: Actor, owner: Actor, now: dt.datetime
) -> None:
    approval = ask_for_payment(invoice, actor=asker, now=now)
    for actor in (owner, CLERK, member_actor(MemberFactory(account=account))):
        with pytest.raises(QuestionNotYours):
            withdraw_question(approval, actor=actor, now=now)
    with pytest.raises(NotWhileLoggedInAs):
        withdraw_question(approval, actor=dataclasses.replace(asker, on_behalf_of_id=1), now=now)


def test_staff_who_are_logged_in_as_a_member_do_not_ask_for_them(
    invoice: Invoice, asker: Actor, now: dt.datetime
) -> None:
    with pytest.raises(NotWhileLoggedInAs):
        ask_for_payment(invoice, actor=dataclasses.replace(asker, on_behalf_of_id=asker.person_id), now=now)

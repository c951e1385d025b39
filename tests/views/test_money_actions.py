"""Paying from the balance, issuing and voiding, suspending and letting in again, over HTTP."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import Account, AccountStatus, AuditEvent, Invoice, Payment, PaymentAllocation, PaymentKind
from models.invoice import InvoiceStatus
from tests.factories.people import AccountFactory
from tests.services.money import assert_books_balance, draft, fund, funds, issued
from tests.support.desk import Desk, member_desk, staff_desk
from tests.support.pages import form_of, said_by

MEMBER_ROLES = [role for role in MemberRole if role is not MemberRole.OWNER]


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


def fresh(model, row_id):
    """The row as the database has it now."""
    db.session.rollback()
    return db.session.get(model, row_id, populate_existing=True)


def owed(account, now, *, net=10_000, balance=0):
    """An unpaid invoice, and money that came in without paying it."""
    if balance:
        fund(account, balance, now)
    return issued(account, now, net=net)


# Pay from the balance


def test_the_payments_role_pays_an_invoice_from_the_balance(app, account, now):
    invoice = owed(account, now, balance=25_000)
    invoice_id, account_id, number = invoice.id, account.id, invoice.number
    desk = member_desk(app, account, MemberRole.PAYMENTS)
    answer = desk.confirm(f"/invoices/{number}/pay")
    assert "The invoice is paid" in desk.flashed(answer)
    found = fresh(Invoice, invoice_id)
    assert (found.status, found.amount_due, found.amount_paid) == (InvoiceStatus.PAID, 0, 10_000)
    assert funds(fresh(Account, account_id)) == 15_000
    (payment,) = db.session.scalars(select(Payment).where(Payment.method == PaymentKind.BALANCE)).all()
    (allocation,) = db.session.scalars(
        select(PaymentAllocation).where(PaymentAllocation.payment_id == payment.id)
    ).all()
    assert (payment.amount, allocation.amount, payment.paid_by_id) == (10_000, 10_000, desk.person.id)
    assert_books_balance()
    page = desk.get(f"/invoices/{number}").get_data(as_text=True)
    assert payment.number in page
    assert f"/invoices/{number}/pay" not in page


def test_a_paid_invoice_is_not_paid_twice(app, account, now):
    invoice = owed(account, now, balance=25_000)
    account_id = account.id
    desk = member_desk(app, account, MemberRole.PAYMENTS)
    first, second = (desk.post(f"/invoices/{invoice.number}/pay") for _time in range(2))
    assert (first.status_code, second.status_code) == (303, 409)
    assert said_by(second)
    assert funds(fresh(Account, account_id)) == 15_000
    assert len(db.session.scalars(select(Payment).where(Payment.method == PaymentKind.BALANCE)).all()) == 1


def test_too_small_a_balance_pays_nothing_and_says_so(app, account, now):
    invoice = owed(account, now, balance=0)
    invoice_id = invoice.id
    desk = member_desk(app, account, MemberRole.OWNER)
    answer = desk.post(f"/invoices/{invoice.number}/pay")
    assert answer.status_code == 409
    assert said_by(answer)
    assert fresh(Invoice, invoice_id).amount_due == 10_000
    assert db.session.scalars(select(Payment)).all() == []


def test_a_member_pays_up_to_their_limit_and_no_more(app, account, now):
    fund(account, 50_000, now)
    small, large = issued(account, now, net=5_000), issued(account, now, net=5_001)
    desk = member_desk(app, account, MemberRole.PAYMENTS, pay_limit=5_000, currency=account.currency)
    assert desk.post(f"/invoices/{small.number}/pay").status_code == 303
    answer = desk.post(f"/invoices/{large.number}/pay")
    assert answer.status_code == 409
    assert "You may pay up to $50.00 on an invoice alone" in said_by(answer)[0]
    assert fresh(Invoice, large.id).amount_due == 5_001


@pytest.mark.parametrize("role", MEMBER_ROLES)
def test_who_may_not_pay_does_not(app, account, now, role):
    invoice = owed(account, now, balance=25_000)
    invoice_id = invoice.id
    may = P.INVOICES_PAY in MEMBER_GRANTS[role]
    answer = member_desk(app, account, role).post(f"/invoices/{invoice.number}/pay")
    assert answer.status_code == (303 if may else 403)
    assert fresh(Invoice, invoice_id).amount_due == (0 if may else 10_000)


def test_an_invoice_of_another_account_is_not_found(app, account, now):
    invoice = owed(AccountFactory(), now, balance=25_000)
    fund(account, 25_000, now)
    invoice_id = invoice.id
    desk = member_desk(app, account, MemberRole.OWNER)
    for path in (f"/invoices/{invoice.number}", f"/invoices/{invoice.number}/pay"):
        assert desk.get(path).status_code == 404
    assert desk.post(f"/invoices/{invoice.number}/pay").status_code == 404
    assert fresh(Invoice, invoice_id).amount_due == 10_000


# Issue and void


def test_a_draft_is_issued_once_and_gets_its_number(app, account, now):
    invoice = draft(account, now)
    invoice_id, provisional = invoice.id, invoice.number
    clerk = staff_desk(app, StaffRole.BILLING)
    answer = clerk.confirm(f"/invoices/{provisional}/issue")
    number = fresh(Invoice, invoice_id).number
    assert number != provisional
    assert answer.location.endswith(f"/staff/invoices/{number}")
    assert "The invoice is issued" in clerk.flashed(answer)
    assert clerk.post(f"/invoices/{provisional}/issue").status_code == 404
    assert clerk.post(f"/invoices/{number}/issue").status_code == 409
    assert_books_balance()


def test_an_unpaid_invoice_is_voided_with_a_reason_that_stands_in_the_audit(app, account, now):
    invoice = owed(account, now)
    invoice_id, number = invoice.id, invoice.number
    clerk = staff_desk(app, StaffRole.BILLING)
    asked = clerk.post(f"/invoices/{number}/void", reason="")
    assert asked.status_code == 422
    assert said_by(asked) == ["Say why, for those who read the record later."]
    clerk.flashed(clerk.confirm(f"/invoices/{number}/void", reason="Billed twice"))
    assert fresh(Invoice, invoice_id).status is InvoiceStatus.VOID
    (event,) = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "invoice.voided")).all()
    assert event.after["reason"] == "Billed twice"
    assert "Billed twice" in clerk.get(f"/invoices/{number}").get_data(as_text=True)
    assert_books_balance()


def test_a_paid_invoice_is_never_voided(app, account, now):
    invoice = issued(account, now)
    fund(account, 10_000, now)
    invoice_id = invoice.id
    clerk = staff_desk(app, StaffRole.BILLING)
    answer = clerk.post(f"/invoices/{invoice.number}/void", reason="Changed my mind")
    assert answer.status_code == 409
    assert "Write a credit note instead" in said_by(answer)[0]
    assert fresh(Invoice, invoice_id).status is InvoiceStatus.PAID


@pytest.mark.parametrize("role", list(StaffRole))
def test_staff_issue_and_void_as_far_as_their_role_goes(app, account, now, role):
    to_issue, to_void = draft(account, now), issued(account, now)
    desk = staff_desk(app, role)
    answers = (
        desk.post(f"/invoices/{to_issue.number}/issue").status_code,
        desk.post(f"/invoices/{to_void.number}/void", reason="A mistake").status_code,
    )
    held = STAFF_GRANTS[role]
    assert answers == tuple(303 if p in held else 403 for p in (P.STAFF_INVOICES_ISSUE, P.STAFF_INVOICES_VOID))


def test_in_the_portal_nobody_issues_or_voids(app, account, now):
    to_issue, to_void = draft(account, now), issued(account, now)
    desk = member_desk(app, account, MemberRole.OWNER)
    for number, act in ((to_issue.number, "issue"), (to_void.number, "void")):
        assert desk.get(f"/invoices/{number}/{act}").status_code == 404
        assert desk.post(f"/invoices/{number}/{act}", reason="x").status_code == 404


# Suspend and reactivate


def test_a_suspended_account_lets_nobody_in_until_it_is_active_again(app, account):
    owner = member_desk(app, account, MemberRole.OWNER)
    account_id, person = account.id, owner.person
    assert owner.get("/").status_code == 200
    administrator = staff_desk(app)
    administrator.flashed(administrator.confirm("/accounts/10001/suspend", reason="Does not pay"))
    assert fresh(Account, account_id).status is AccountStatus.SUSPENDED
    assert owner.get("/").status_code == 303
    assert administrator.post("/accounts/10001/suspend", reason="Again").status_code == 409
    administrator.flashed(administrator.confirm("/accounts/10001/reactivate"))
    assert fresh(Account, account_id).status is AccountStatus.ACTIVE
    assert owner.get("/").status_code == 303  # the session stays ended
    assert Desk(app, db.session.merge(person), "/portal/10001").get("/").status_code == 200


def test_suspending_keeps_the_seat_in_another_account_open(app, account):
    owner = member_desk(app, account, MemberRole.OWNER)
    other = AccountFactory(client_id="10002")
    person = owner.person
    member_desk(app, other, MemberRole.BILLING, person=person)
    staff_desk(app).post("/accounts/10001/suspend", reason="Does not pay")
    assert owner.get("/").status_code == 404  # of this account they are a stranger now
    assert owner.client.get("/portal/10002/").status_code == 200


@pytest.mark.parametrize("role", list(StaffRole))
def test_only_who_may_suspends(app, account, role):
    account_id = account.id
    may = P.STAFF_ACCOUNTS_SUSPEND in STAFF_GRANTS[role]
    answer = staff_desk(app, role).post("/accounts/10001/suspend", reason="Does not pay")
    assert answer.status_code == (303 if may else 403)
    assert (fresh(Account, account_id).status is AccountStatus.SUSPENDED) is may


@pytest.mark.parametrize("reason", ["", "\0", "x" * 501])
def test_suspending_wants_a_reason_that_can_be_kept(app, account, reason):
    account_id = account.id
    answer = staff_desk(app).post("/accounts/10001/suspend", reason=reason)
    assert answer.status_code == 422
    assert said_by(answer)
    assert fresh(Account, account_id).status is AccountStatus.ACTIVE


# Credit that staff give and take back


def test_a_clerk_gives_credit_and_takes_it_back(app, account, now):
    account_id = account.id
    desk = staff_desk(app, StaffRole.BILLING)
    answer = desk.confirm("/accounts/10001/give-credit", amount="25.00", reason="For the outage")
    assert "The credit is given" in desk.flashed(answer)
    desk.confirm("/accounts/10001/take-back-credit", amount="5.00", reason="It was too much")
    assert funds(fresh(Account, account_id)) == 2_000
    assert_books_balance()


@pytest.mark.parametrize("amount", ["", "0", "-1", "NaN", "1.005", "1e9", "99999999999999999999", "5 EUR", "1,5"])
def test_an_amount_that_makes_no_sense_gives_no_credit(app, account, amount):
    account_id = account.id
    answer = staff_desk(app, StaffRole.BILLING).post(
        "/accounts/10001/give-credit", amount=amount, reason="For the outage"
    )
    assert answer.status_code in (409, 422)
    assert "amount" in answer.get_data(as_text=True)
    assert funds(fresh(Account, account_id)) == 0


def test_more_than_there_is_cannot_be_taken_back(app, account):
    answer = staff_desk(app, StaffRole.BILLING).post(
        "/accounts/10001/take-back-credit", amount="0.01", reason="Nothing is there"
    )
    assert (answer.status_code, "are missing" in answer.get_data(as_text=True)) == (409, True)


@pytest.mark.parametrize("role", [role for role in StaffRole if P.STAFF_CREDIT_GIVE not in STAFF_GRANTS[role]])
@pytest.mark.parametrize("act", ["give-credit", "take-back-credit"])
def test_who_may_not_give_credit_changes_no_balance(app, account, role, act):
    account_id = account.id
    answer = staff_desk(app, role).post(f"/accounts/10001/{act}", amount="1.00", reason="x")
    assert answer.status_code == 403
    assert funds(fresh(Account, account_id)) == 0


# Refund


def received(account, now):
    fund(account, 10_000, now)
    return db.session.scalars(select(Payment)).one()


def test_a_clerk_sends_a_payment_back_and_the_form_sent_again_is_the_same_refund(app, account, now):
    payment = received(account, now)
    path, account_id, payment_id = f"/payments/{payment.number}/refund", account.id, payment.id
    desk = staff_desk(app, StaffRole.BILLING)
    asked = form_of(desk.get(path)).values
    assert asked["amount"] == "100.00"
    fields = {**asked, "amount": "40.00", "reason": "Paid twice"}
    answers = [desk.client.post(f"{desk.base}{path}", data=fields) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert "$40.00 are booked as sent back by hand" in desk.flashed(answers[0])
    assert (fresh(Payment, payment_id).amount_refunded, funds(fresh(Account, account_id))) == (4_000, 6_000)


@pytest.mark.parametrize("amount", ["", "0", "-1", "NaN", "1e3", "1.234", "100.01", "9" * 30, "40.00 EUR"])
def test_an_amount_that_cannot_be_sent_back_sends_nothing(app, account, now, amount):
    payment = received(account, now)
    account_id = account.id
    answer = staff_desk(app).confirm(f"/payments/{payment.number}/refund", amount=amount, reason="Paid twice")
    assert answer.status_code in (409, 422)
    assert said_by(answer)
    assert funds(fresh(Account, account_id)) == 10_000


@pytest.mark.parametrize("role", [role for role in StaffRole if P.STAFF_PAYMENTS_REFUND not in STAFF_GRANTS[role]])
def test_who_may_not_refund_sends_nothing_back(app, account, now, role):
    payment = received(account, now)
    account_id = account.id
    answer = staff_desk(app, role).post(
        f"/payments/{payment.number}/refund", amount="1.00", reason="Mine", key="0123456789abcdef"
    )
    assert answer.status_code in (403, 404)
    assert funds(fresh(Account, account_id)) == 10_000


def test_in_the_portal_nobody_refunds(app, account, now):
    payment = received(account, now)
    desk = member_desk(app, account, MemberRole.OWNER)
    assert desk.get(f"/payments/{payment.number}/refund").status_code == 404

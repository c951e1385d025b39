"""Adding, choosing and removing stored payment methods, through a real wire."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from gateways.port import ChargeState, MethodRefs, StoredMethod, StoreResult
from gateways.registry import Gateways
from models import AuditEvent, PaymentMethod, PaymentMethodStatus
from services.paying.events import receive_event, work_off_event
from services.payment_methods import FORGET_JOB, check_storing, methods_to_check
from services.unit_of_work import unit_of_work
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK
from tests.support.desk import member_desk, staff_desk
from tests.support.due_jobs import run_due_jobs
from tests.support.pages import said_by
from tests.support.scripted_gateway import offer_besides
from tests.support.till import stripe_till

PATH = "/add-payment-method/"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", currency="EUR")


@pytest.fixture
def till(app, monkeypatch, tmp_path):
    with stripe_till(tmp_path) as opened:
        offer_besides(app, monkeypatch, opened.gateway)
        yield opened


@pytest.fixture
def desk(app, account, till):
    return member_desk(app, account, MemberRole.OWNER)


def methods():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(PaymentMethod).order_by(PaymentMethod.id)).all()


def add(desk, till, card="visa"):
    """Press the button, choose a card on the provider's page, and come back."""
    away = desk.post(PATH, what="card:stripe")
    assert away.status_code == 303, said_by(away)
    back = till.act(away.location, {}, card)
    return desk.flashed(desk.client.get(back.removeprefix("http://localhost")))


def test_a_card_is_added_on_the_page_of_the_gateway_and_the_first_is_the_default(desk, till):
    assert "It is added and can be used to pay" in add(desk, till)
    add(desk, till, "mastercard")
    first, second = methods()
    assert (first.status, first.brand, first.last_four, first.is_default) == (
        PaymentMethodStatus.ACTIVE,
        "Visa",
        "4242",
        True,
    )
    assert (second.is_default, second.gateway_customer_ref) == (False, first.gateway_customer_ref)
    assert first.expires_on > dt.date(2026, 1, 1)
    events = set(db.session.scalars(select(AuditEvent.event).where(AuditEvent.event.like("payment_method.%"))))
    assert events == {"payment_method.added", "payment_method.made_default"}


def test_coming_back_twice_adds_it_once(desk, till):
    away = desk.post(PATH, what="card:stripe")
    back = till.act(away.location, {}, "visa").removeprefix("http://localhost")
    for _time in range(2):
        assert desk.client.get(back).status_code == 303
    assert len(methods()) == 1


def test_who_cancels_adds_nothing_that_can_be_used(desk, till):
    away = desk.post(PATH, what="card:stripe")
    till.act(away.location, {}, "cancel")
    (method,) = methods()
    assert method.status is PaymentMethodStatus.PENDING
    assert "is not added yet" in desk.flashed(desk.get(f"{PATH}{method.public_id}/return"))


def test_who_stores_a_card_and_never_comes_back_has_stored_it(desk, till):
    away = desk.post(PATH, what="card:stripe")
    till.act(away.location, {}, "visa")
    assert [each.status for each in methods()] == [PaymentMethodStatus.PENDING]
    look_at_pending(till, minutes=1)
    assert [each.status for each in methods()] == [PaymentMethodStatus.ACTIVE]


def test_a_page_that_nobody_used_is_given_up_after_hours(desk, till):
    desk.post(PATH, what="card:stripe")
    look_at_pending(till, minutes=170)
    assert [each.status for each in methods()] == [PaymentMethodStatus.PENDING]
    look_at_pending(till, minutes=181)
    assert [each.status for each in methods()] == [PaymentMethodStatus.REMOVED]


def test_two_pages_that_find_the_same_card_keep_it_once(desk, till, monkeypatch):
    add(desk, till)
    kept = methods()[0]
    found = StoredMethod(MethodRefs(kept.gateway_customer_ref, kept.gateway_method_ref), "Visa ending in 4242")
    desk.post(PATH, what="card:stripe")
    monkeypatch.setattr(till.gateway, "finish_storing", lambda *_args: StoreResult(ChargeState.SUCCEEDED, method=found))
    look_at_pending(till, minutes=1)
    assert [each.status for each in methods()] == [PaymentMethodStatus.ACTIVE, PaymentMethodStatus.REMOVED]


def look_at_pending(till, *, minutes) -> None:
    """As the clock does so many minutes later."""
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
    ids = methods_to_check(now=later)
    db.session.commit()
    for method_id in ids:
        check_storing(method_id, Gateways({"stripe": till.gateway}), actor=CLERK, now=later)


def test_where_the_gateway_does_not_answer_nothing_is_added(desk, till):
    till.simulator.command("stripe", "refused")
    answer = desk.post(PATH, what="card:stripe")
    assert answer.status_code == 409
    assert "did not answer" in " ".join(said_by(answer))
    assert all(method.status is PaymentMethodStatus.PENDING for method in methods())


@pytest.mark.parametrize("what", ["", "card", "card:nobody", "cash:stripe", "bank_account:stripe"])
def test_what_is_not_offered_is_not_added(desk, till, what):
    assert desk.post(PATH, what=what).status_code in (409, 422)
    assert methods() == []


def test_another_one_becomes_the_default_and_there_is_one(desk, till):
    add(desk, till)
    add(desk, till, "mastercard")
    second = methods()[1].public_id
    desk.flashed(desk.confirm(f"/payment-methods/{second}/make-default"))
    assert [method.is_default for method in methods()] == [False, True]


def test_a_removed_method_is_forgotten_by_the_gateway_too(desk, till):
    add(desk, till)
    (method,) = methods()
    ref = method.gateway_method_ref
    desk.flashed(desk.confirm(f"/payment-methods/{method.public_id}/remove"))
    (method,) = methods()
    assert (method.status, method.is_default) == (PaymentMethodStatus.REMOVED, False)
    assert run_due_jobs(FORGET_JOB) == 1
    assert till.simulator.ledger.find(ref)["customer"] is None


def test_a_method_that_was_removed_at_the_gateway_is_removed_here(app, desk, till):
    add(desk, till)
    (method,) = methods()
    from gateways.port import MethodRefs

    till.gateway.remove_method(MethodRefs(method.gateway_customer_ref, method.gateway_method_ref))
    headers, body = till.events()[-1]
    now = dt.datetime.now(dt.UTC)
    with unit_of_work():
        event_id = receive_event("stripe", headers, body, app.extensions["gateways"], now=now)
    with unit_of_work():
        work_off_event(event_id, actor=CLERK, now=now)
    assert methods()[0].status is PaymentMethodStatus.REMOVED


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_only_owners_add_and_remove(app, account, till, role):
    method = PaymentMethodFactory(account=account)
    db.session.commit()
    desk = member_desk(app, account, role)
    assert desk.get(PATH).status_code == 403
    assert desk.post(PATH, what="card:stripe").status_code == 403
    assert desk.post(f"/payment-methods/{method.public_id}/remove").status_code == 403
    assert methods()[0].status is PaymentMethodStatus.ACTIVE


def test_methods_of_another_account_are_not_found(app, account, till):
    method = PaymentMethodFactory(account=account)
    db.session.commit()
    other = member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER)
    assert other.get(f"{PATH}{method.public_id}/return").status_code == 404
    assert other.post(f"/payment-methods/{method.public_id}/remove").status_code == 404


def test_staff_add_none(app, account, till):
    assert staff_desk(app).get(PATH).status_code == 404

"""Staff set and remove credit limits and switch accounts between prepaid and postpaid, as far as their role lets them."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.permissions import STAFF_GRANTS, P, StaffRole
from extensions import db
from models import Account, PaymentMode
from services.credit_limits import set_credit_limit
from services.usable_credit import figures_of
from tests.factories.people import AccountFactory
from tests.services.money import CLERK
from tests.support.desk import staff_desk

ACTS = ("set-credit-limit", "remove-credit-limit", "switch-to-postpaid", "switch-to-prepaid")


@pytest.fixture
def account(session, now) -> Account:
    return AccountFactory(client_id="10001")


@pytest.fixture
def clerk(app, account):
    return staff_desk(app, StaffRole.BILLING)


def today():
    return dt.datetime.now(dt.UTC).date()


def limit():
    db.session.rollback()
    account = db.session.query(Account).one()
    return figures_of(account.id, day=today()).limit


def mode():
    db.session.rollback()
    return db.session.query(Account).one().payment_mode


def test_a_clerk_sets_a_permanent_limit_and_removes_it(clerk):
    answer = clerk.confirm("/accounts/10001/set-credit-limit", amount="500.00", reason="Pays well")
    assert "The credit limit is $500.00." in clerk.flashed(answer)
    assert limit() == 50_000
    clerk.confirm("/accounts/10001/remove-credit-limit", reason="Does not pay any more")
    assert limit() == 0


def test_a_temporary_limit_is_told_with_its_last_day(clerk):
    last = today() + dt.timedelta(days=30)
    answer = clerk.confirm("/accounts/10001/set-credit-limit", amount="500", last_day=last.isoformat())
    words = f"The credit limit is $500.00 up to and including {last:%b} {last.day}, {last.year}."
    assert words in clerk.flashed(answer)


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"amount": ""}, 422),
        ({"amount": "0"}, 409),
        ({"amount": "-5"}, 409),
        ({"amount": "1.005"}, 409),
        ({"amount": "NaN"}, 409),
        ({"last_day": "2001-01-01"}, 409),
        ({"last_day": "tomorrow"}, 422),
        ({"last_day": "9999-12-31"}, 409),
        ({"reason": "x" * 300}, 422),
    ],
)
def test_a_limit_that_makes_no_sense_is_not_set(clerk, typed, status):
    answer = clerk.post("/accounts/10001/set-credit-limit", **{"amount": "5.00", **typed})
    assert (answer.status_code, limit()) == (status, 0)


def test_an_account_is_switched_to_postpaid_once_it_has_a_limit_and_back(clerk):
    answer = clerk.post("/accounts/10001/switch-to-postpaid")
    assert answer.status_code == 409
    assert "needs a credit limit" in answer.get_data(as_text=True)
    clerk.confirm("/accounts/10001/set-credit-limit", amount="500.00")
    clerk.confirm("/accounts/10001/switch-to-postpaid")
    assert mode() is PaymentMode.POSTPAID
    assert clerk.post("/accounts/10001/remove-credit-limit", reason="x").status_code == 409
    clerk.confirm("/accounts/10001/switch-to-prepaid")
    assert mode() is PaymentMode.PREPAID


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", [role for role in StaffRole if P.STAFF_CREDIT_LIMITS_SET not in STAFF_GRANTS[role]])
def test_who_may_not_set_limits_changes_none_and_switches_nothing(app, account, role, act, now):
    set_credit_limit(account, amount=100, actor=CLERK, now=now)
    db.session.commit()
    desk = staff_desk(app, role)
    assert desk.post(f"/accounts/10001/{act}", amount="1.00", reason="x").status_code == 403
    assert act not in desk.get("/accounts/10001").get_data(as_text=True)
    assert (limit(), mode()) == (100, PaymentMode.PREPAID)

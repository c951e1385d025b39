"""Financing requests under many at once: one request waits for each option, and each is decided once."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from extensions import db
from models import Account, FinancingOption, FinancingRequest, FinancingStatus, Ticket
from services.financing import (
    FinancingAskedAlready,
    FinancingDecided,
    FinancingNotOffered,
    OptionNotOffered,
    Wish,
    approve_financing,
    decline_financing,
    options_for,
    request_financing,
)
from tests.factories.catalogue import FinancingOptionFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, rows_of
from tests.support.parallel import at_once, refusals

WISH = Wish(1_200_000, "Ada Miller", "ada@people.example")


@pytest.fixture
def account(session: object) -> Account:
    made: Account = AccountFactory(country="US", currency="USD")
    return made


@pytest.fixture
def option(session: object) -> FinancingOption:
    made: FinancingOption = FinancingOptionFactory(code="lease", name="Lease")
    return made


def test_sixteen_who_ask_at_once_open_one_ticket(account: Account, option: FinancingOption, now: dt.datetime) -> None:
    account_id, option_id = account.id, option.id
    db.session.commit()

    def ask(_: int) -> int:
        here, wanted = db.session.get_one(Account, account_id), db.session.get_one(FinancingOption, option_id)
        return request_financing(here, wanted, WISH, actor=CLERK, now=now).id

    found = refusals(at_once(ask))
    assert [type(refusal) for refusal in found] == [FinancingAskedAlready] * 15
    assert (rows_of(FinancingRequest), rows_of(Ticket)) == (1, 1)


def test_of_a_yes_and_a_no_at_once_one_counts(account: Account, option: FinancingOption, now: dt.datetime) -> None:
    request_id = request_financing(account, option, WISH, actor=CLERK, now=now).id
    db.session.commit()

    def decide(number: int) -> FinancingStatus:
        act = (approve_financing, decline_financing)[number % 2]
        return act(db.session.get_one(FinancingRequest, request_id), answer="So be it.", actor=CLERK, now=now).status

    results = at_once(decide)
    assert [type(refusal) for refusal in refusals(results)] == [FinancingDecided] * 15
    kept = db.session.scalars(select(FinancingRequest.status)).one()
    assert [result for result in results if isinstance(result, FinancingStatus)] == [kept]


@pytest.mark.parametrize("country", ["DE", "CA"])
def test_an_account_elsewhere_is_offered_nothing(option: FinancingOption, now: dt.datetime, country: str) -> None:
    abroad = AccountFactory(country=country)
    FinancingOptionFactory(country=country)
    assert options_for(abroad) == []
    with pytest.raises(FinancingNotOffered):
        request_financing(abroad, option, WISH, actor=CLERK, now=now)


@pytest.mark.parametrize("values", [{"is_offered": False}, {"country": "CA"}])
def test_an_option_that_is_not_offered_here_cannot_be_asked_for(
    account: Account, now: dt.datetime, values: dict[str, object]
) -> None:
    gone = FinancingOptionFactory(**values)
    assert options_for(account) == []
    with pytest.raises(OptionNotOffered):
        request_financing(account, gone, WISH, actor=CLERK, now=now)

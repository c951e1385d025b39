"""Reserved prospects: one live reservation of a company and country over all resellers (SPEC E9)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.companies import CompanyNotReadable
from extensions import db
from jobs.prospects import end_reservations
from jobs.registry import JobContext
from models import Account, Prospect
from services.audit import timeline_of
from services.prospects import (
    CountryNotReadable,
    ProspectAlreadyReserved,
    ProspectNotHeld,
    edit_prospect,
    end_lapsed_reservations,
    release_prospect,
    reserve_prospect,
)
from services.settings import change_setting
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, rows_of
from tests.support.parallel import at_once, refusals

MEMBER = Actor("Robin Miller", Source.PORTAL)


@pytest.fixture
def reseller(session: Session) -> Account:
    return AccountFactory(name="Northwind Voice")


@pytest.fixture
def other(session: Session) -> Account:
    return AccountFactory(name="Eastgate Telecom")


def reserve(account: Account, now: dt.datetime, company: str = "Müller GmbH", country: str = "DE") -> Prospect:
    values = {"account_id": account.id, "company": company, "contact": "Kim", "email": "kim@x.example"}
    return reserve_prospect({**values, "country": country}, actor=MEMBER, now=now)


def test_a_reservation_holds_for_ninety_days(reseller: Account, now: dt.datetime) -> None:
    prospect = reserve(reseller, now)
    assert prospect.reserved_until == now.date() + dt.timedelta(days=90)
    event = timeline_of("prospect", prospect.public_id)[0]
    assert (event.event, event.after["company"]) == ("prospect.reserved", "Müller GmbH")


def test_for_how_long_is_a_setting_and_reservations_keep_their_day(reseller: Account, now: dt.datetime) -> None:
    first = reserve(reseller, now)
    change_setting("prospect_days", "30", actor=CLERK, now=now)
    second = reserve(reseller, now, "Other Ltd")
    assert first.reserved_until == now.date() + dt.timedelta(days=90)
    assert second.reserved_until == now.date() + dt.timedelta(days=30)


@pytest.mark.parametrize("company", ["Müller GmbH", "MULLER", "Mueller AG".replace("ue", "ü"), "  müller & Co. KG "])
def test_the_same_company_is_known_without_case_accents_and_legal_form(
    reseller: Account, other: Account, now: dt.datetime, company: str
) -> None:
    reserve(reseller, now)
    with pytest.raises(ProspectAlreadyReserved):
        reserve(other, now, company)


def test_in_another_country_it_is_another_company(reseller: Account, other: Account, now: dt.datetime) -> None:
    reserve(reseller, now)
    assert reserve(other, now, country="at").country == "AT"


def test_the_refusal_does_not_say_who_holds_it(reseller: Account, other: Account, now: dt.datetime) -> None:
    reserve(reseller, now)
    with pytest.raises(ProspectAlreadyReserved) as refused:
        reserve(other, now)
    assert not any(word in refused.value.message for word in ("Northwind", reseller.client_id, "Robin", "Kim"))
    assert refused.value.__cause__ is None


def test_ones_own_company_cannot_be_reserved_twice_either(reseller: Account, now: dt.datetime) -> None:
    reserve(reseller, now)
    with pytest.raises(ProspectAlreadyReserved):
        reserve(reseller, now)


def test_of_sixteen_who_reserve_at_once_one_wins(reseller: Account, other: Account, now: dt.datetime) -> None:
    ids = (reseller.id, other.id)
    results = at_once(
        lambda place: (
            reserve(db.session.get_one(Account, ids[place % 2]), now, ("Müller GmbH", "MULLER AG")[place % 2]).id
        )
    )
    assert len(refusals(results)) == 15
    assert {type(refusal) for refusal in refusals(results)} == {ProspectAlreadyReserved}
    assert rows_of(Prospect) == 1


def test_of_sixteen_who_take_over_a_lapsed_one_at_once_one_wins(
    reseller: Account, other: Account, now: dt.datetime
) -> None:
    reserve(reseller, now)
    other_id, later = other.id, now + dt.timedelta(days=91)
    results = at_once(lambda _: reserve(db.session.get_one(Account, other_id), later).id)
    assert len(refusals(results)) == 15
    assert len(db.session.scalars(select(Prospect).where(Prospect.released_at.is_(None))).all()) == 1


def test_it_is_held_on_its_last_day(reseller: Account, other: Account, now: dt.datetime) -> None:
    reserve(reseller, now)
    with pytest.raises(ProspectAlreadyReserved), unit_of_work():
        reserve(db.session.get_one(Account, other.id), now + dt.timedelta(days=90))


def test_who_comes_after_the_last_day_takes_it_over(reseller: Account, other: Account, now: dt.datetime) -> None:
    prospect, later = reserve(reseller, now), now + dt.timedelta(days=91)
    reserve(other, later)
    db.session.refresh(prospect)
    assert prospect.released_at == later
    event = timeline_of("prospect", prospect.public_id)[0]
    assert (event.event, event.actor_name) == ("prospect.expired", "Reservations")


def test_the_clock_ends_what_ran_out_and_nothing_else(reseller: Account, now: dt.datetime) -> None:
    lapsed, later = reserve(reseller, now), now + dt.timedelta(days=91)
    live = reserve(reseller, now + dt.timedelta(days=1), "Other Ltd")
    ids = (lapsed.id, live.id)
    db.session.commit()
    assert end_reservations(JobContext(1, "end_reservations", {}, later)) == {"ended": 1}
    db.session.expire_all()
    assert [db.session.get_one(Prospect, each).released_at for each in ids] == [later, None]
    assert end_lapsed_reservations(now=later) == 0


def test_a_released_company_is_free_for_others(reseller: Account, other: Account, now: dt.datetime) -> None:
    prospect = release_prospect(reserve(reseller, now), actor=MEMBER, now=now)
    reserve(other, now)
    with pytest.raises(ProspectNotHeld):
        release_prospect(prospect, actor=MEMBER, now=now)
    with pytest.raises(ProspectNotHeld):
        edit_prospect(prospect, {"note": "x"}, actor=MEMBER, now=now)


def test_another_name_has_to_be_free_too(reseller: Account, other: Account, now: dt.datetime) -> None:
    reserve(reseller, now)
    prospect = reserve(other, now, "Beispiel AG")
    edit_prospect(prospect, {"company": "Beispiel SE", "note": "Called"}, actor=MEMBER, now=now)
    assert (prospect.company, prospect.company_key) == ("Beispiel SE", "beispiel")
    with pytest.raises(ProspectAlreadyReserved):
        edit_prospect(prospect, {"company": "Muller"}, actor=MEMBER, now=now)


@pytest.mark.parametrize("country", ["", "D", "DEU", "D1", "ÄÖ"])
def test_a_country_is_two_letters(reseller: Account, now: dt.datetime, country: str) -> None:
    with pytest.raises(CountryNotReadable):
        reserve(reseller, now, country=country)


def test_a_company_has_a_name(reseller: Account, now: dt.datetime) -> None:
    with pytest.raises(CompanyNotReadable):
        reserve(reseller, now, " -- ")

"""Numbers without gaps and twins."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.refusals import Refusal
from extensions import db
from models import NumberedKind, NumberSeries
from services.numbers import next_number, next_numbers
from tests.support.parallel import at_once


def test_the_first_number_begins_the_series(session: Session, now: dt.datetime) -> None:
    assert next_number(NumberedKind.INVOICE, now=now) == "INV-2026-0001"
    assert next_number(NumberedKind.INVOICE, now=now) == "INV-2026-0002"


def test_a_client_id_has_five_digits_and_no_year(session: Session, now: dt.datetime) -> None:
    assert next_number(NumberedKind.ACCOUNT, now=now) == "10001"


def test_a_new_year_counts_from_one_in_the_format_of_the_last(session: Session, now: dt.datetime) -> None:
    next_number(NumberedKind.INVOICE, now=now)
    series = db.session.scalars(select(NumberSeries)).one()
    series.prefix, series.digits = "RE", 5
    db.session.flush()
    assert next_number(NumberedKind.INVOICE, now=now.replace(year=2027)) == "RE-2027-00001"


def test_several_numbers_come_in_a_row(session: Session, now: dt.datetime) -> None:
    next_number(NumberedKind.TICKET, now=now)
    assert next_numbers(NumberedKind.TICKET, 3, now=now) == ["T-000002", "T-000003", "T-000004"]
    assert next_numbers(NumberedKind.TICKET, 0, now=now) == []


def test_numbers_taken_at_once_have_no_gap_and_no_twin(session: Session, now: dt.datetime) -> None:
    numbers = at_once(lambda _: next_number(NumberedKind.INVOICE, now=now))
    assert sorted(map(str, numbers)) == [f"INV-2026-{counter:04}" for counter in range(1, 17)]


def test_a_number_of_a_refused_act_is_given_to_the_next(session: Session, now: dt.datetime) -> None:
    def take(place: int) -> str:
        number = next_number(NumberedKind.INVOICE, now=now)
        if place % 2:
            raise Refusal
        return number

    numbers = at_once(take)
    given = sorted(number for number in numbers if isinstance(number, str))
    assert given == [f"INV-2026-{counter:04}" for counter in range(1, 9)]


@pytest.mark.parametrize("kind", list(NumberedKind))
def test_every_kind_has_a_series(session: Session, now: dt.datetime, kind: NumberedKind) -> None:
    first, second = next_numbers(kind, 2, now=now)
    assert first != second

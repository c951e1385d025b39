"""How many of each edition may be set up: within what the items hold, and nothing that was not asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.editions import EditionNotHeld, EditionSeats, MoreThanHeld, SeatsNotReadable, plan_editions

SEATS = {
    "office": EditionSeats("office", "Office", 10, 4),
    "agent": EditionSeats("agent", "Agent", 3, 0),
}

codes = st.sampled_from("abcd")
seats_by_code = st.dictionaries(codes, st.tuples(st.integers(1, 50), st.integers(0, 50)), max_size=4).map(
    lambda found: {code: EditionSeats(code, code, held, min(set_up, held)) for code, (held, set_up) in found.items()}
)


def test_only_what_differs_is_changed() -> None:
    assert plan_editions(SEATS, {"office": 10, "agent": 0}) == {"office": (4, 10)}


def test_what_is_not_asked_for_stays() -> None:
    assert plan_editions(SEATS, {}) == {}


def test_more_than_the_items_hold_is_refused_with_the_number_that_is_possible() -> None:
    with pytest.raises(MoreThanHeld, match="Office: this license holds 10") as refused:
        plan_editions(SEATS, {"office": 11})
    assert refused.value.edition == "Office"


@pytest.mark.parametrize("number", [-1, 1.5, True, "3", None])
def test_what_is_no_whole_number_is_refused(number: Any) -> None:
    with pytest.raises(SeatsNotReadable, match="Agent: enter a whole number from 0 to 3"):
        plan_editions(SEATS, {"agent": number})


def test_an_edition_that_the_license_does_not_hold_is_refused() -> None:
    with pytest.raises(EditionNotHeld):
        plan_editions(SEATS, {"office": 5, "supervisor": 1})


@given(seats_by_code, st.dictionaries(codes, st.integers(-2, 60)))
def test_a_plan_never_exceeds_what_is_held(seats: dict[str, EditionSeats], asked: dict[str, int]) -> None:
    try:
        plan = plan_editions(seats, asked)
    except (EditionNotHeld, MoreThanHeld, SeatsNotReadable):
        assert any(code not in seats or not 0 <= number <= seats[code].held for code, number in asked.items())
        return
    for code, (before, after) in plan.items():
        assert (before, after) == (seats[code].in_app, asked[code])
        assert before != after
        assert 0 <= after <= seats[code].held

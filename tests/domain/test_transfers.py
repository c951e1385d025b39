"""Moving items between licenses: what is refused, and totals that are kept."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import Refusal
from domain.transfers import (
    Holding,
    LicenseNotActive,
    NothingToTransfer,
    NotSoManyHeld,
    QuantityNotReadable,
    TransferBetweenAccounts,
    TransferBetweenCurrencies,
    TransferToItself,
    plan_transfer,
)

GIVER = Holding("A", 1, "USD", active=True, items={"extension": 10, "agent": 2})
TAKER = Holding("B", 1, "USD", active=True, items={"extension": 1})

held_items = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 50), max_size=4)


def test_items_leave_one_license_and_reach_the_other() -> None:
    plan = plan_transfer(GIVER, TAKER, {"extension": 4, "agent": 2})
    assert plan.moved == {"extension": 4, "agent": 2}
    assert plan.giver == {"extension": 6, "agent": 0}
    assert plan.taker == {"extension": 5, "agent": 2}


def test_an_item_of_which_none_is_asked_for_stays() -> None:
    plan = plan_transfer(GIVER, TAKER, {"extension": 1, "agent": 0})
    assert (plan.moved, plan.giver["agent"], "agent" in plan.taker) == ({"extension": 1}, 2, False)


def test_all_of_an_item_may_move() -> None:
    assert plan_transfer(GIVER, TAKER, {"extension": 10}).giver["extension"] == 0


@pytest.mark.parametrize(
    ("taker", "refusal"),
    [
        (GIVER, TransferToItself),
        (dataclasses.replace(TAKER, account=2), TransferBetweenAccounts),
        (dataclasses.replace(GIVER, account=2), TransferBetweenAccounts),
        (dataclasses.replace(TAKER, currency="EUR"), TransferBetweenCurrencies),
        (dataclasses.replace(TAKER, active=False), LicenseNotActive),
    ],
)
def test_licenses_that_do_not_belong_together_are_refused(taker: Holding, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        plan_transfer(GIVER, taker, {"extension": 1})


def test_a_license_that_is_not_active_gives_nothing() -> None:
    with pytest.raises(LicenseNotActive):
        plan_transfer(dataclasses.replace(GIVER, active=False), TAKER, {"extension": 1})


@pytest.mark.parametrize("quantities", [{}, {"extension": 0}, {"unicorn": 0}])
def test_a_transfer_of_nothing_is_refused(quantities: dict[str, int]) -> None:
    with pytest.raises(NothingToTransfer):
        plan_transfer(GIVER, TAKER, quantities)


@pytest.mark.parametrize("quantity", [-1, 1.0, True, "1", None])
def test_a_quantity_is_a_whole_number_from_zero_up(quantity: object) -> None:
    with pytest.raises(QuantityNotReadable, match="whole numbers"):
        plan_transfer(GIVER, TAKER, {"extension": quantity})  # type: ignore[dict-item]


@pytest.mark.parametrize(("item", "asked", "held"), [("extension", 11, 10), ("unicorn", 1, 0)])
def test_more_than_is_held_is_refused_and_says_how_many_there_are(item: str, asked: int, held: int) -> None:
    with pytest.raises(NotSoManyHeld, match=f"holds {held} of an item, {asked} were asked for") as refused:
        plan_transfer(GIVER, TAKER, {item: asked})
    assert (refused.value.held, refused.value.asked) == (held, asked)


def test_a_plan_changes_nothing_by_itself() -> None:
    plan_transfer(GIVER, TAKER, {"extension": 4})
    assert (GIVER.items["extension"], TAKER.items["extension"]) == (10, 1)


@given(held_items, held_items, st.data())
def test_totals_are_kept_for_each_item_and_the_way_back_undoes_it(
    gives: dict[str, int], takes: dict[str, int], data: st.DataObject
) -> None:
    giver, taker = dataclasses.replace(GIVER, items=gives), dataclasses.replace(TAKER, items=takes)
    asked = {item: data.draw(st.integers(0, held)) for item, held in gives.items()}
    if not any(asked.values()):
        with pytest.raises(NothingToTransfer):
            plan_transfer(giver, taker, asked)
        return
    plan = plan_transfer(giver, taker, asked)
    assert Counter(plan.giver) + Counter(plan.taker) == Counter(gives) + Counter(takes)
    assert min(*plan.giver.values(), *plan.taker.values()) >= 0
    back = plan_transfer(
        dataclasses.replace(taker, items=plan.taker), dataclasses.replace(giver, items=plan.giver), plan.moved
    )
    assert Counter(back.taker) == Counter(gives)
    assert Counter(back.giver) == Counter(takes)

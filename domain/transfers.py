"""Moving items from one license to another: what is allowed, and what both hold afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.refusals import Refusal
from domain.sentences import Sentence


class TransferToItself(Refusal):
    message = "Choose two different licenses: items cannot be transferred to the license they are on."


class TransferBetweenAccounts(Refusal):
    message = "Items can only be transferred between licenses of the same account."


class TransferBetweenCurrencies(Refusal):
    message = "Items can only be transferred between licenses billed in the same currency."


class LicenseNotActive(Refusal):
    message = "Items can only be transferred between active licenses. Renew the license first."


class NothingToTransfer(Refusal):
    message = "Nothing was chosen. Enter how many of at least one item to transfer."


class QuantityNotReadable(Refusal):
    message = "Enter whole numbers from 0 up."


class NotSoManyHeld(Refusal):
    """More of an item was asked for than the license holds."""

    def __init__(self, held: int, asked: int) -> None:
        self.held = held
        self.asked = asked
        super().__init__(
            Sentence(
                "This license holds %(held)s of an item, %(asked)s were asked for. Enter %(held)s or fewer.",
                held=held,
                asked=asked,
            )
        )


@dataclass(frozen=True, slots=True)
class Holding:
    """A license as a transfer sees it. ``items`` are quantities by a key that means the same item on both licenses."""

    license: int | str
    account: int | str
    currency: str
    active: bool
    items: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """The items that move, and what both licenses hold afterwards (items that stay are in it too)."""

    moved: Mapping[str, int]
    giver: Mapping[str, int]
    taker: Mapping[str, int]


def plan_transfer(giver: Holding, taker: Holding, quantities: Mapping[str, int]) -> TransferPlan:
    """Check a transfer and work it out. An item of which 0 is asked for stays; one the taker lacks begins at 0."""
    _check_licenses(giver, taker)
    moved = {item: _checked(giver.items.get(item, 0), asked) for item, asked in quantities.items()}
    moved = {item: quantity for item, quantity in moved.items() if quantity}
    if not moved:
        raise NothingToTransfer
    after_giver, after_taker = dict(giver.items), dict(taker.items)
    for item, quantity in moved.items():
        after_giver[item] -= quantity
        after_taker[item] = after_taker.get(item, 0) + quantity
    return TransferPlan(moved, after_giver, after_taker)


def _check_licenses(giver: Holding, taker: Holding) -> None:
    if giver.account != taker.account:
        raise TransferBetweenAccounts
    if giver.license == taker.license:
        raise TransferToItself
    if giver.currency != taker.currency:
        raise TransferBetweenCurrencies
    if not (giver.active and taker.active):
        raise LicenseNotActive


def _checked(held: int, asked: int) -> int:
    if type(asked) is not int or asked < 0:
        raise QuantityNotReadable
    if asked > held:
        raise NotSoManyHeld(held, asked)
    return asked

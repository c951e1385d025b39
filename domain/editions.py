"""Editions of the client app: how many of each the wizard may set up, within what the license's items hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.refusals import Refusal
from domain.sentences import Sentence


class EditionNotHeld(Refusal):
    message = "This license has no items of one of these editions. Reload the page and try again."


class SeatsNotReadable(Refusal):
    def __init__(self, edition: str, held: int) -> None:
        self.edition = edition
        super().__init__(Sentence("%(edition)s: enter a whole number from 0 to %(held)s.", edition=edition, held=held))


class MoreThanHeld(Refusal):
    """More of an edition was asked for than the license's items allow."""

    def __init__(self, edition: str, held: int) -> None:
        self.edition = edition
        super().__init__(
            Sentence(
                "%(edition)s: this license holds %(held)s. Enter %(held)s or fewer, or add more to the license first.",
                edition=edition,
                held=held,
            )
        )


@dataclass(frozen=True, slots=True)
class EditionSeats:
    """An edition on a license: how many of it the items hold, and how many of these the wizard has set up."""

    code: str
    name: str
    held: int
    in_app: int


def plan_editions(seats: Mapping[str, EditionSeats], asked: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """What changes, by the edition's code: the number before and after. Editions of which nothing is asked stay.

    Refused: EditionNotHeld, SeatsNotReadable, MoreThanHeld.
    """
    if not asked.keys() <= seats.keys():
        raise EditionNotHeld
    for code, number in asked.items():
        seat = seats[code]
        if type(number) is not int or number < 0:
            raise SeatsNotReadable(seat.name, seat.held)
        if number > seat.held:
            raise MoreThanHeld(seat.name, seat.held)
    return {
        code: (seat.in_app, asked[code]) for code, seat in seats.items() if code in asked and asked[code] != seat.in_app
    }

"""Who else wants to know, in the same transaction, that a payment was settled or failed."""

from __future__ import annotations

import datetime as dt
from typing import Final, Protocol

from domain.actor import Actor
from models.payment import Payment


class Follower(Protocol):
    """Called with a payment that was just settled or has just failed; its status says which."""

    def __call__(self, payment: Payment, *, actor: Actor, now: dt.datetime) -> None: ...


followers: Final[list[Follower]] = []


def tell_followers(payment: Payment, *, actor: Actor, now: dt.datetime) -> None:
    """Tell everybody, in the order in which they asked to be told. What one raises undoes the outcome as a whole."""
    for follower in followers:
        follower(payment, actor=actor, now=now)

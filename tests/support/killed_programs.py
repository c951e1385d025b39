"""Processes that die on the way of money other than payments: ``python -m tests.support.killed_programs ACT POINT ID``.

What they are killed with cannot be caught, so nothing is tidied up. Acts and their points, in their order:

    refund   before call, after call (the gateway sent the money), in outcome (not committed), after outcome
    store    before page (nothing was asked), after page (the gateway made it, nobody knows where),
             before keeping (the card was typed, we did not ask), in keeping (not committed), after keeping
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import Any

from app import create_app
from domain.actor import Actor, Source
from extensions import db
from gateways.stripe import Stripe
from services import payment_methods, refunds
from tests.support.paying_program import die

REFUND_POINTS = ("before call", "after call", "in outcome", "after outcome")
STORE_POINTS = ("before page", "after page", "before keeping", "in keeping", "after keeping")
ACTOR = Actor("Killed", Source.SYSTEM)


def _around(call: Callable[..., Any], *, before: bool, after: bool) -> Callable[..., Any]:
    def killed(*args: Any, **values: Any) -> Any:
        if before:
            die()
        done = call(*args, **values)
        if after:
            db.session.flush()
            die()
        return done

    return killed


def refund(point: str, refund_id: int) -> None:
    """Carry a refund out."""
    Stripe.refund = _around(  # type: ignore[method-assign]
        Stripe.refund, before=point == "before call", after=point == "after call"
    )
    refunds.record_refund_outcome = _around(refunds.record_refund_outcome, before=False, after=point == "in outcome")
    app = create_app()
    with app.app_context():
        refunds.carry_out_refund(refund_id, app.extensions["gateways"], actor=ACTOR, now=dt.datetime.now(dt.UTC))
    die()


def store(point: str, method_id: int) -> None:
    """Ask for the page on which a card is typed, or keep what was typed there."""
    Stripe.store_method = _around(  # type: ignore[method-assign]
        Stripe.store_method, before=point == "before page", after=point == "after page"
    )
    payment_methods._keep = _around(payment_methods._keep, before=False, after=point == "in keeping")
    app = create_app()
    gateways, now = app.extensions["gateways"], dt.datetime.now(dt.UTC)
    with app.app_context():
        if point in ("before page", "after page"):
            payment_methods.open_page(
                method_id, gateways, return_url="http://localhost/", cancel_url="http://localhost/"
            )
        if point != "before keeping":
            payment_methods.finish_storing(method_id, gateways, actor=ACTOR, now=now)
    die()


if __name__ == "__main__":
    {"refund": refund, "store": store}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))

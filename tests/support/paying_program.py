"""A web process that pays one invoice and is killed on the way: ``python -m tests.support.paying_program POINT INVOICE METHOD``.

What it is killed with cannot be caught, so nothing is tidied up. The points, in their order:

    before attempt   the intent is committed, no call is written down
    before call      the call is written down, nothing was sent
    after call       the gateway took the money, its answer is known to nobody
    in outcome       the outcome is written and not committed
    after outcome    everything is committed
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from typing import Any

from app import create_app
from domain.actor import Actor, Source
from extensions import db
from models import Account, Invoice, PaymentMethod
from services.paying import charging
from services.paying.claims import InvoicePart
from services.paying.intents import Wanted, begin_payment
from services.paying.offers import STORED_MEANS
from services.unit_of_work import unit_of_work

POINTS = ("before attempt", "before call", "after call", "in outcome", "after outcome")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(gateway: Any, point: str) -> None:
    """Let the program die at this point."""
    charge, record = gateway.charge, charging.record_outcome

    def killed_around(request: Any) -> Any:
        if point == "before call":
            die()
        result = charge(request)
        if point == "after call":
            die()
        return result

    def killed_after(*args: Any, **values: Any) -> Any:
        done = record(*args, **values)
        db.session.flush()
        if point == "in outcome":
            die()
        return done

    gateway.charge = killed_around
    charging.record_outcome = killed_after


def main(point: str, invoice_id: int, method_id: int) -> None:
    app = create_app()
    now, actor = dt.datetime.now(dt.UTC), Actor("Payer", Source.SYSTEM)
    with app.app_context():
        gateways = app.extensions["gateways"]
        with unit_of_work():
            invoice = db.session.get_one(Invoice, invoice_id)
            method = db.session.get_one(PaymentMethod, method_id)
            arm(gateways.get(method.gateway), point)
            parts = (InvoicePart(invoice, invoice.amount_due),)
            wanted = Wanted(STORED_MEANS[method.kind], method.gateway, f"killed {point}", parts, method=method)
            account = db.session.get_one(Account, method.account_id)
            payment_id = begin_payment(account, wanted, gateways=gateways, actor=actor, now=now).id
        if point == "before attempt":
            die()
        charging.carry_out(payment_id, gateways, actor=actor, now=now)
        die()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

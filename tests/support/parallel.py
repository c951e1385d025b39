"""Many requests at once: threads that start together, each with its own session and unit of work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import current_app

from domain.refusals import Refusal
from extensions import db
from services.unit_of_work import unit_of_work

AT_ONCE = 16

_Result = TypeVar("_Result")


def at_once(work: Callable[[int], _Result], times: int = AT_ONCE) -> list[_Result | Refusal]:
    """Do the work so many times at the same moment; what was refused stands as its refusal, other errors are raised.

    What the test wrote is committed first, and its rows are read anew afterwards.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    db.session.commit()
    gate = threading.Barrier(times)

    def one(number: int) -> _Result | Refusal:
        with app.app_context():
            gate.wait(timeout=30)
            try:
                with unit_of_work():
                    return work(number)
            except Refusal as refusal:
                return refusal

    with ThreadPoolExecutor(max_workers=times) as pool:
        results = list(pool.map(one, range(times)))
    db.session.expire_all()
    return results


def refusals(results: list[_Result | Refusal]) -> list[Refusal]:
    """Those that were refused."""
    return [result for result in results if isinstance(result, Refusal)]

"""Acts that happen at the same moment: each in a thread, with a session of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask, current_app

from extensions import db


def all_at_once(act: Callable[[int], Any], *, times: int) -> list[Any]:
    """Run ``act(0)`` to ``act(times - 1)`` together; give what each returned, or the exception it ended with.

    The test's rows are committed first, so that everybody sees them.
    """
    db.session.commit()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    start = threading.Barrier(times)

    def run(number: int) -> Any:
        with app.app_context():
            start.wait()
            try:
                return act(number)
            except Exception as error:
                return error

    with ThreadPoolExecutor(times) as pool:
        outcomes = list(pool.map(run, range(times)))
    db.session.expire_all()
    return outcomes

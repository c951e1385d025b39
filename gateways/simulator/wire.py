"""What all simulated providers do alike: answer a key once, and tell of things with the faults that are commanded."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from werkzeug import Request, Response

from gateways.simulator.ledger import Ledger

LATE_SECONDS: Final = 30.0
LATER_SECONDS: Final = 3.0


def answer_once(
    ledger: Ledger,
    provider: str,
    key: str,
    request: Request,
    *,
    carry_out: Callable[[], Response],
    other: tuple[int, Mapping[str, Any]],
    keep: Callable[[Response], bool] = lambda _answer: True,
) -> Response:
    """Carry out a request under a key once, and answer it so again; with other contents under that key, ``other``.

    ``keep`` says whether an answer is remembered. Call it in a transaction of the ledger.
    """
    asked = hashlib.sha256(request.path.encode() + b"?" + request.get_data()).hexdigest()
    before = ledger.answer_of(provider, key)
    if before is None:
        answer = carry_out()
        if keep(answer):
            ledger.keep_answer(provider, key, asked, answer.status_code, answer.get_data(as_text=True))
        return answer
    if before[0] != asked:
        return Response(json.dumps(other[1]), other[0], mimetype="application/json")
    return Response(before[2], before[1], {"Idempotent-Replayed": "true"}, mimetype="application/json")


def tell(ledger: Ledger, provider: str, event: Mapping[str, Any], *, forged: Mapping[str, Any]) -> None:
    """Queue an event: twice, late or after others where that is commanded, or with a forged one beside it."""
    fault = ledger.fault(provider, "duplicate_event", "late_event", "out_of_order", "forged_event")
    if fault == "forged_event":
        ledger.tell(provider, json.dumps(forged), forged=True)
    waits = {"late_event": LATE_SECONDS, "out_of_order": LATER_SECONDS}.get(fault, 0.0)
    for _time in range(2 if fault == "duplicate_event" else 1):
        ledger.tell(provider, json.dumps(event), due=time.time() + waits)


def json_answer(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")

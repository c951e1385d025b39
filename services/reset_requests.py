"""Asking for a reset link. The request does the same work for every address; a job looks who it belongs to.

So neither the answer nor the time it takes tells whether there is such a person. The typed address waits encrypted, and
is forgotten in the transaction that answers it.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Final

from domain.contact import canonical_email
from extensions import cipher
from models.sign_in import SignInDoor
from services.attempts import count_attempt
from services.jobs import enqueue, take_payload
from services.password_resets import send_reset_link
from services.sessions import Browser
from services.sign_in import find_welcome_person, person_as_actor
from services.unit_of_work import unit_of_work

JOB: Final = "reset_link"
# Until the answer has left: the work for a known address must not slow it down in this very process.
ANSWERED_BY_THEN: Final = dt.timedelta(seconds=1)


def request_reset_link(email: str, browser: Browser, *, now: dt.datetime) -> None:
    """Ask for a link for whoever has this address. Refused: TooManyAttempts. Opens its own unit of work."""
    with unit_of_work():
        count_attempt(email, ip=browser.ip, door=SignInDoor.RESET_REQUEST, now=now)
        asked = json.dumps({"email": canonical_email(email), "ip": browser.ip})
        enqueue(JOB, {"sealed": cipher.encrypt(asked)}, now=now, run_at=now + ANSWERED_BY_THEN)


def answer_reset_request(job_id: int, *, now: dt.datetime) -> None:
    """Mail the link, if the address is somebody's who may come in. A second run finds nothing more to do."""
    sealed = take_payload(job_id).get("sealed")
    if not sealed:
        return
    asked = json.loads(cipher.decrypt(sealed))
    person = find_welcome_person(asked["email"])
    if person is not None:
        send_reset_link(person, actor=person_as_actor(person, Browser(ip=asked["ip"])), now=now)

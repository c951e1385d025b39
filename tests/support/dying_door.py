"""For runners under test: the door for mails dies where a file says so, once; what kills it cannot be caught.

Importing this changes the door of the process: a test names it to its runner (`kinds`) and never imports it.

The file is named by DIE_AT_FILE and holds a point: ``before`` (the mail was handed over, nothing is written), ``written``
(everything is written and not committed), ``committed`` (it is kept, and nobody has been told).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from extensions import db
from jobs import mail_in
from tests.support.paying_program import die

_take_in, _receive_mail = mail_in.take_in, mail_in.receive_mail


def _die_at(point: str) -> None:
    order = Path(os.environ["DIE_AT_FILE"])
    if order.exists() and order.read_text() == point:
        order.unlink()
        die()


def take_in(*args: Any, **values: Any) -> None:
    _die_at("before")
    _take_in(*args, **values)
    _die_at("committed")


def receive_mail(*args: Any, **values: Any) -> Any:
    done = _receive_mail(*args, **values)
    db.session.flush()
    _die_at("written")
    return done


mail_in.take_in, mail_in.receive_mail = take_in, receive_mail  # type: ignore[assignment]

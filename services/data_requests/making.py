"""Making the export of a person's data: one CSV, stored under the hash of its link's token, and the link mailed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import secrets
import tempfile
from typing import IO, Final

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.sheets import harmless
from extensions import db
from models.file import File
from models.person import Person
from models.policy import DataRequest, DataRequestStatus
from services.data_requests.contents import lines_about
from services.data_requests.moving import move_request
from services.locks import locked
from services.notifications import tell
from services.sessions import hash_of_token
from services.stored_files import keep, stored_files
from services.unit_of_work import reading_only, unit_of_work

FOLDER: Final = "data-exports"
CONTENT_TYPE: Final = "text/csv"
NAME: Final = "your-data.csv"
OPENS_FOR: Final = dt.timedelta(days=7)
_HELD: Final = 1024 * 1024  # larger ones go through a file of the system's


def make_export(request_id: int, *, actor: Actor, now: dt.datetime) -> bool:
    """Make the CSV of an open request, keep it, close the request and mail the link to the person's own address.

    False where the request is not open any more. Opens its own transactions: the data is read on one unchanging view
    of the database. Of the token only the hash is kept, as the name of the content; the link ends after OPENS_FOR.
    """
    request = db.session.get_one(DataRequest, request_id)
    person_id = request.person_id
    if not request.is_open:
        return False
    token = secrets.token_urlsafe(32)
    key = key_of(token)
    with tempfile.SpooledTemporaryFile(max_size=_HELD) as content:
        with reading_only():
            write_export(db.session.get_one(Person, person_id), content)
        content.seek(0)
        kept = keep(key, content)
    try:
        with unit_of_work():
            request = locked(db.session.get_one(DataRequest, request_id))
            person = db.session.get_one(Person, person_id)
            made = request.is_open and person.email is not None
            if made:
                file = File(
                    key=key,
                    name=NAME,
                    size=kept.size,
                    content_type=CONTENT_TYPE,
                    sha256=kept.sha256,
                    uploaded_by=person.public_id,
                    created_at=now,
                )
                db.session.add(file)
                db.session.flush()
                _close(request, person, file, token, actor=actor, now=now)
    except BaseException:
        stored_files.store.delete(key)
        raise
    if not made:
        stored_files.store.delete(key)
    return made


def write_export(person: Person, out: IO[bytes]) -> None:
    """Write the CSV: UTF-8 with a mark for Excel, and no cell that a spreadsheet takes for a formula."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(("record", "field", "value"))
    writer.writerows([harmless(cell) for cell in line] for line in lines_about(person))
    text.flush()
    text.detach()


def key_of(token: str) -> str:
    """Where the content lies that this token opens."""
    return f"{FOLDER}/{hash_of_token(token)}.csv"


def _close(request: DataRequest, person: Person, file: File, token: str, *, actor: Actor, now: dt.datetime) -> None:
    request.file_id = file.id
    move_request(request, DataRequestStatus.DONE, AuditEvent.PERSON_DATA_EXPORTED, actor=actor, now=now)
    tell(
        person,
        "data_export_ready",
        now=now,
        secret=True,
        path=f"/settings/your-data/file/{token}",
        expires_on=(now + OPENS_FOR).date(),
    )

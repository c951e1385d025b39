"""Opening the export of one's own data while its link works, and taking away what nobody can open any more."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from extensions import db
from models.file import File
from models.person import Person
from models.policy import DataRequest, DataRequestKind
from services.audit import record_event
from services.data_requests.making import FOLDER, OPENS_FOR, key_of
from services.people import refuse_while_logged_in_as
from services.stored_files import OpenedFile, open_stored, stored_files

_LONGEST_TOKEN: Final = 64
_AT_ONCE: Final = 100


class ExportUnknown(Refusal):
    """Also said of the export of somebody else."""

    message = "There is no such export of yours. Ask for one under Your data."


class ExportExpired(Refusal):
    message = "The link to this export has expired. Ask for a new one under Your data."


def open_export(person: Person, token: str, *, actor: Actor, now: dt.datetime) -> OpenedFile:
    """The export behind a mailed link, for the person whose data it is. Call it in a unit of work: it is audited.

    Refused: NotWhileLoggedInAs, ExportUnknown, ExportExpired.
    """
    refuse_while_logged_in_as(actor)
    if not token.isascii() or "\0" in token or len(token) > _LONGEST_TOKEN:
        raise ExportUnknown
    found = db.session.execute(
        select(DataRequest, File)
        .join(File, File.id == DataRequest.file_id)
        .where(File.key == key_of(token), DataRequest.person_id == person.id)
    ).one_or_none()
    if found is None:
        raise ExportUnknown
    request, file = found
    opened = open_stored(file, file.name) if file.created_at + OPENS_FOR > now else None
    if opened is None:
        raise ExportExpired
    record_event(AuditEvent.PERSON_DATA_FETCHED, request, actor=actor, now=now)
    return opened


def forget_expired_exports(*, now: dt.datetime) -> int:
    """Delete exports whose link has ended, at most a hundred; give their number. Call it in a unit of work."""
    old = (
        select(DataRequest, File)
        .join(File, File.id == DataRequest.file_id)
        .where(File.created_at <= now - OPENS_FOR)
        .order_by(DataRequest.id)
        .limit(_AT_ONCE)
    )
    rows = db.session.execute(old).all()
    for request, file in rows:
        forget_export(request, file)
    return len(rows)


def forget_export(request: DataRequest, file: File) -> None:
    """Delete the export of a request. The request stays."""
    request.file_id = None
    request.version += 1
    db.session.flush()
    db.session.delete(file)
    db.session.flush()
    stored_files.store.delete(file.key)


def discard_lost_exports() -> int:
    """Delete contents that no row knows: a runner died between the two. Give their number.

    What is there is looked up first: an export is being made only while its request is open, so what is there while
    none is open, and in no row, belongs to nobody.
    """
    there = list(stored_files.store.keys(FOLDER))
    at_work = select(DataRequest.id).where(DataRequest.kind == DataRequestKind.EXPORT, DataRequest.is_open)
    if not there or db.session.scalar(at_work.limit(1)) is not None:
        return 0
    known = set(db.session.scalars(select(File.key).where(File.key.startswith(f"{FOLDER}/"))))
    lost = [key for key in there if key not in known]
    for key in lost:
        stored_files.store.delete(key)
    return len(lost)

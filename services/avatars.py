"""Pictures of people: drawn anew, kept apart from the database, shown to those who meet them."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from integrations.files import FileMissing
from integrations.pictures import LARGEST_FILE, LARGEST_SIDE, PictureNotReadable, PictureTooLarge, square_png
from models.file import File
from models.person import Person, PersonKind
from services.audit import record_event
from services.locks import locked
from services.seats import share_account
from services.stored_files import stored_files

SIDE: Final = 256
LARGEST_UPLOAD: Final = LARGEST_FILE
CONTENT_TYPE: Final = "image/png"
_FOLDER: Final = "avatars"
_DAY: Final = dt.timedelta(days=1)


class AvatarNotReadable(Refusal):
    message = "This file is no picture that can be shown, or it is damaged. Choose a JPEG, PNG, WebP or GIF."


class AvatarTooLarge(Refusal):
    message = Sentence(
        "The picture is too large. Choose one of at most %(largest_file)s MB and %(largest_side)s pixels on each side.",
        largest_file=LARGEST_FILE // 1024 // 1024,
        largest_side=str(LARGEST_SIDE),
    )


@dataclass(frozen=True, slots=True)
class Avatar:
    """A picture as it is sent, with the hash of its content."""

    content: bytes
    sha256: str


def set_avatar(person: Person, content: bytes, *, actor: Actor, now: dt.datetime) -> str | None:
    """Take a picture and show a square of it. Refused: AvatarNotReadable, AvatarTooLarge; then the old one stays.

    The content is written before the row is committed: if the transaction fails, a content that no row knows is left
    behind, and never a row without its content. For the same reason the key of the old content is given back, to be
    discarded once this is committed.
    """
    try:
        drawn = square_png(content, SIDE)
    except PictureTooLarge:
        raise AvatarTooLarge from None
    except PictureNotReadable:
        raise AvatarNotReadable from None
    key = f"{_FOLDER}/{now:%Y%m%d}-{secrets.token_hex(16)}.png"
    stored_files.store.put(key, drawn)
    locked(person)
    file = File(
        key=key,
        name="avatar.png",
        size=len(drawn),
        content_type=CONTENT_TYPE,
        sha256=hashlib.sha256(drawn).hexdigest(),
        safe_image=True,
        uploaded_by=person.public_id,
        created_at=now,
    )
    db.session.add(file)
    db.session.flush()
    old, person.avatar_file_id = person.avatar_file_id, file.id
    person.version += 1
    record_event("person.picture_changed", person, actor=actor, now=now)
    return _drop(old)


def remove_avatar(person: Person, *, actor: Actor, now: dt.datetime) -> str | None:
    """Show initials again. Gives the key of the content, to be discarded once this is committed."""
    locked(person)
    old, person.avatar_file_id = person.avatar_file_id, None
    if old is None:
        return None
    person.version += 1
    record_event("person.picture_removed", person, actor=actor, now=now)
    return _drop(old)


def discard(key: str | None) -> None:
    """Delete the content of a picture whose row is gone for good."""
    if key is not None:
        stored_files.store.delete(key)


def avatar_for(viewer: Person, public_id: str) -> Avatar | None:
    """The picture of a person, if the viewer meets them; None otherwise, and when there is none.

    Staff meet everybody, everybody meets staff (they answer tickets) and who has a seat in the same account.
    """
    found = db.session.execute(
        select(Person.id, Person.kind, File.key, File.sha256)
        .join(File, File.id == Person.avatar_file_id)
        .where(Person.public_id == public_id, Person.erased_at.is_(None))
    ).one_or_none()
    if found is None or not _meets(viewer, found.id, found.kind):
        return None
    try:
        with stored_files.store.open(found.key) as content:
            return Avatar(content.read(), found.sha256)
    except FileMissing:
        return None


def discard_orphans(*, now: dt.datetime) -> int:
    """Delete contents that no row knows; give their number. Those of the last day may still wait for their row."""
    known = set(db.session.scalars(select(File.key).where(File.key.startswith(f"{_FOLDER}/"))))
    young = {f"{_FOLDER}/{now - days:%Y%m%d}-" for days in (-_DAY, 0 * _DAY, _DAY)}
    lost = [key for key in stored_files.store.keys(_FOLDER) if key not in known and key[: len(min(young))] not in young]
    for key in lost:
        stored_files.store.delete(key)
    return len(lost)


def _meets(viewer: Person, person_id: int, kind: PersonKind) -> bool:
    if viewer.id == person_id or PersonKind.STAFF in (viewer.kind, kind):
        return True
    return share_account(viewer.id, person_id)


def _drop(file_id: int | None) -> str | None:
    """Delete the row of a picture that nobody shows any more, and give the key of its content."""
    if file_id is None:
        return None
    db.session.flush()
    file = db.session.get_one(File, file_id)
    db.session.delete(file)
    db.session.flush()
    return file.key

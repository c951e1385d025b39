"""The files of releases: kept with their checksum, sent to members who may have them, and each download noted (E10)."""

from __future__ import annotations

import datetime as dt
import mimetypes
import secrets
from typing import IO, Final

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from models.file import File
from models.release import Download, Release, ReleaseFile
from services.audit import record_event
from services.locks import locked
from services.records import flush_or_refuse
from services.stored_files import OpenedFile, keep, open_stored, stored_files

LONGEST_NAME: Final = 255
_FOLDER: Final = "releases"


class FileNameNotUsable(Refusal):
    message = "A file of a release has a name without folders, like setup-1.2.exe, of at most 255 letters."


class FileThere(Refusal):
    message = "This release has a file of this name. Remove it first, or give the new one another name."


class FileEmpty(Refusal):
    message = "This file is empty."


def add_release_file(
    release: Release, name: str, content: IO[bytes], *, platform: str = "", actor: Actor, now: dt.datetime
) -> ReleaseFile:
    """Add a file to a release; it is read in pieces, however large it is.

    The content is written before the row is committed: if the transaction fails, a content that no row knows is left
    behind, and never a row without its content. Refused: FileNameNotUsable, FileThere, FileEmpty.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or any(each in name for each in "/\\\0\r\n"):
        raise FileNameNotUsable
    locked(release)
    there = select(ReleaseFile.id).where(ReleaseFile.release_id == release.id, ReleaseFile.name == name)
    if db.session.scalar(there) is not None:
        raise FileThere
    key = f"{_FOLDER}/{now:%Y%m%d}-{secrets.token_hex(16)}"
    kept = keep(key, content)
    if not kept.size:
        stored_files.store.delete(key)
        raise FileEmpty
    file = File(
        key=key,
        name=name,
        size=kept.size,
        content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        sha256=kept.sha256,
        created_at=now,
    )
    db.session.add(file)
    db.session.flush()
    added = ReleaseFile(
        release_id=release.id,
        file_id=file.id,
        name=name,
        platform=platform.strip()[:60] or None,
        size=kept.size,
        sha256=kept.sha256,
        created_at=now,
    )
    db.session.add(added)
    flush_or_refuse()
    after = {"file": name, "size": kept.size, "sha256": kept.sha256}
    record_event("release.file_added", release, actor=actor, now=now, after=after)
    return added


def files_of(release: Release) -> list[ReleaseFile]:
    """The files of a release, by name."""
    found = select(ReleaseFile).where(ReleaseFile.release_id == release.id)
    return list(db.session.scalars(found.order_by(ReleaseFile.name)))


def release_file(public_id: str, *, published_only: bool) -> ReleaseFile | None:
    """A file by its address; members find those of published releases alone."""
    found = select(ReleaseFile).join(Release).where(ReleaseFile.public_id == public_id)
    if published_only:
        found = found.where(Release.is_published.is_(True))
    return db.session.scalars(found.options(joinedload(ReleaseFile.file))).one_or_none()


def open_file(wanted: ReleaseFile) -> OpenedFile | None:
    """Its content, to be sent; None where it is lost."""
    return open_stored(wanted.file, wanted.name)


def note_download(wanted: ReleaseFile, *, account_id: int, actor: Actor, now: dt.datetime, ip: str | None) -> Download:
    """Write down who fetched what, once a download: a piece that is fetched later belongs to it."""
    row = Download(
        account_id=account_id,
        release_file_id=wanted.id,
        person_id=actor.person_id,
        downloaded_at=now,
        ip=ip,
    )
    db.session.add(row)
    db.session.flush()
    return row

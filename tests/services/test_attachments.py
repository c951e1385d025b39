"""Files on messages: taken within limits, known by their content, kept before their rows, and audited by their message."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest

from extensions import db
from models import File, MessageAttachment
from services.attachments import (
    FOLDER,
    LARGEST_FILE,
    MOST_FILES,
    FileEmpty,
    FileIsProgram,
    FilesNotTaken,
    FilesTooLarge,
    FileTooLarge,
    TooManyFiles,
    Upload,
    attach,
    find_attachment,
    open_attachment,
)
from services.stored_files import discard_lost
from tests.factories.support import MessageFactory
from tests.services.money import CLERK, rows_of
from tests.support.hostile_files import hostile_files, picture


@pytest.fixture(autouse=True)
def files(kept_files):
    return kept_files


@pytest.fixture
def message(session):
    return db.session.merge(MessageFactory())


def kept(files) -> int:
    return len(list(files.keys("attachments")))


def test_files_are_kept_with_what_their_content_says(message, now):
    log = b"INVITE sip:100@pbx"
    first, second = attach(
        message, [Upload.of("C:\\trace.log", log), Upload.of("photo.html", picture("PNG"))], actor=CLERK, now=now
    )
    assert (first.name, first.position, second.name, second.position) == ("trace.log", 0, "photo.html", 1)
    assert (first.file.size, first.file.sha256) == (len(log), hashlib.sha256(log).hexdigest())
    assert (first.file.content_type, first.file.safe_image) == ("text/plain", False)
    assert (second.file.content_type, second.file.safe_image) == ("image/png", True)
    assert {first.account_id, first.file.account_id} == {message.account_id}
    opened = open_attachment(first)
    with opened.content as content:
        assert content.read() == log


def test_the_largest_file_is_taken_and_one_byte_more_is_not(message, now, files):
    attach(message, [Upload.of("large.bin", b"x" * LARGEST_FILE)], actor=CLERK, now=now)
    with pytest.raises(FilesNotTaken, match=r"larger\.bin") as refused:
        attach(message, [Upload.of("larger.bin", b"x" * (LARGEST_FILE + 1))], actor=CLERK, now=now)
    assert [type(each) for each in refused.value.refused.values()] == [FileTooLarge]
    assert (rows_of(MessageAttachment), kept(files)) == (1, 1)


@pytest.mark.parametrize(
    ("last", "refusal"),
    [(Upload.of("empty.txt", b""), FileEmpty), (Upload.of("setup.exe", b"MZ"), FileIsProgram)],
    ids=["empty", "program"],
)
def test_one_file_that_is_refused_keeps_the_others_out_too(message, now, files, last, refusal):
    with pytest.raises(FilesNotTaken, match=last.name) as refused:
        attach(message, [Upload.of("notes.txt", b"fine"), last], actor=CLERK, now=now)
    assert {place: type(each) for place, each in refused.value.refused.items()} == {1: refusal}
    assert (rows_of(MessageAttachment), rows_of(File), kept(files)) == (0, 0, 0)


def test_of_each_file_is_said_what_is_wrong_with_it(message, now):
    sent = [Upload.of("empty.txt", b""), Upload.of("notes.txt", b"fine"), Upload.of("setup.exe", b"MZ")]
    with pytest.raises(FilesNotTaken) as refused:
        attach(message, sent, actor=CLERK, now=now)
    said = refused.value.fields["files"]
    assert [(each.place, each.split("”")[0]) for each in said] == [(0, "“empty.txt"), (2, "“setup.exe")]


def test_more_than_ten_files_are_refused(message, now, files):
    with pytest.raises(TooManyFiles):
        attach(message, [Upload.of("a.txt", b"a")] * (MOST_FILES + 1), actor=CLERK, now=now)
    assert kept(files) == 0


def test_files_that_are_too_large_together_are_refused(message, now, files):
    with pytest.raises(FilesTooLarge):
        attach(message, [Upload.of("a.bin", b"x" * (13 * 1024 * 1024))] * 2, actor=CLERK, now=now)
    assert kept(files) == 0


def test_of_hostile_files_each_program_is_refused_and_the_rest_is_kept_harmless(message, now, files):
    taken = 0
    for name, content, program in hostile_files():
        if program:
            with pytest.raises(FilesNotTaken, match="is a program"):
                attach(message, [Upload.of(name, content)], actor=CLERK, now=now)
        else:
            attach(message, [Upload.of(name, content)], actor=CLERK, now=now)
            taken += 1
    assert (rows_of(MessageAttachment), kept(files)) == (taken, taken)


def test_what_hangs_on_a_note_is_found_with_notes_alone(session, now):
    note = db.session.merge(MessageFactory(internal=True, from_staff=True))
    [attached] = attach(note, [Upload.of("a.txt", b"a")], actor=CLERK, now=now)
    assert find_attachment(attached.public_id, with_notes=True).id == attached.id
    assert find_attachment(attached.public_id, with_notes=False) is None
    assert find_attachment("guessed", with_notes=True) is None


def test_a_content_that_is_lost_opens_nothing(message, now, files):
    [attached] = attach(message, [Upload.of("a.txt", b"a")], actor=CLERK, now=now)
    files.delete(attached.file.key)
    assert open_attachment(attached) is None


def test_a_content_that_no_row_knows_is_discarded_after_two_days(message, now, files):
    [attached] = attach(message, [Upload.of("a.txt", b"a")], actor=CLERK, now=now)
    key = attached.file.key
    db.session.commit()
    files.put(f"attachments/{now:%Y%m%d}/lost", b"no row")
    assert discard_lost(FOLDER, now=now + dt.timedelta(days=1)) == 0
    assert discard_lost(FOLDER, now=now + dt.timedelta(days=2)) == 1
    assert discard_lost(FOLDER, now=now + dt.timedelta(days=3)) == 0
    assert files.exists(key)

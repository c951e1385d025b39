"""Downloads of releases: checked, resumable, for release managers alone, and nothing is found by guessing."""

from __future__ import annotations

import hashlib
import io

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import Account, AuditEvent, File, Release, ReleaseFile
from models.release import Download
from services.releases import FileEmpty, FileNameNotUsable, FileThere, add_release_file
from tests.factories.base import NOW
from tests.factories.catalogue import ReleaseFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, rows_of
from tests.support.desk import member_desk, staff_desk

CONTENT = bytes(range(256)) * 10_000


@pytest.fixture
def account(client, session) -> Account:
    return AccountFactory(client_id="10001")


@pytest.fixture
def release(session) -> Release:
    return ReleaseFactory(is_published=True, published_on=NOW.date())


@pytest.fixture
def file(account, release) -> ReleaseFile:
    added = add_release_file(release, "setup-7.1.exe", io.BytesIO(CONTENT), platform="Windows", actor=CLERK, now=NOW)
    db.session.commit()
    return added


@pytest.fixture
def desk(app, account, file):
    return member_desk(app, account, MemberRole.RELEASE_MANAGER)


def fetch(desk, file, **headers):
    """Read an answer whole, and close it as a server does."""
    with desk.get(url(file), headers={name.replace("_", "-"): value for name, value in headers.items()}) as answer:
        return answer.status_code, answer.get_data(), answer.headers


def url(file) -> str:
    return f"/downloads/{file.public_id}"


def test_a_release_shows_its_files_with_their_checksums(desk, file, release):
    page = desk.get(f"/releases/{release.public_id}").get_data(as_text=True)
    assert "setup-7.1.exe" in page
    assert "(2.6 MB)" in page
    assert hashlib.sha256(CONTENT).hexdigest() in page


def test_the_file_that_is_sent_is_the_one_that_was_added(desk, file):
    status, content, headers = fetch(desk, file)
    assert (status, content) == (200, CONTENT)
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert headers["Content-Disposition"] == "attachment; filename=setup-7.1.exe"
    assert (headers["Accept-Ranges"], headers["Content-Length"]) == ("bytes", str(len(CONTENT)))


def test_a_download_that_broke_off_goes_on_where_it_was(desk, file):
    etag = fetch(desk, file)[2]["ETag"]
    status, content, headers = fetch(desk, file, Range="bytes=1000000-", If_Range=etag)
    assert (status, content) == (206, CONTENT[1_000_000:])
    assert headers["Content-Range"] == f"bytes 1000000-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert fetch(desk, file, Range="bytes=1000000-", If_Range='"another file"')[:2] == (200, CONTENT)
    assert fetch(desk, file, Range="bytes=99999999-")[0] == 416
    assert fetch(desk, file, If_None_Match=etag)[0] == 304


def test_a_download_is_noted_once_however_many_pieces_it_has(desk, file):
    fetch(desk, file)
    fetch(desk, file, Range="bytes=1000-")
    noted = db.session.scalars(select(Download)).one()
    assert (noted.release_file_id, noted.person_id) == (file.id, desk.person.id)


@pytest.mark.parametrize("role", [MemberRole.TICKETS, MemberRole.SUBSCRIPTIONS_EDIT])
def test_other_members_fetch_nothing(app, account, file, role):
    assert member_desk(app, account, role).get(url(file)).status_code == 403


def test_what_is_not_published_and_what_is_guessed_is_not_found(app, desk, file, release):
    for guess in ("1", str(file.id), "x" * 16, "x" * 300, "%00", "..%2f..%2fetc"):
        assert desk.get(f"/downloads/{guess}").status_code == 404
    release.is_published = False
    db.session.commit()
    assert desk.get(url(file)).status_code == 404
    assert fetch(staff_desk(app), file)[0] == 200
    assert rows_of(Download) == 0


def test_a_file_whose_content_is_lost_is_not_found(desk, file):
    db.session.execute(File.__table__.update().values(key="releases/lost"))
    db.session.commit()
    assert desk.get(url(file)).status_code == 404


@pytest.mark.parametrize("name", ["", " ", "a/b", "..\\b", "a\0b", "a\nb", "x" * 256])
def test_a_name_that_is_none_is_refused(account, release, name):
    with pytest.raises(FileNameNotUsable):
        add_release_file(release, name, io.BytesIO(b"x"), actor=CLERK, now=NOW)


def test_the_same_name_twice_and_an_empty_file_are_refused(file, release):
    with pytest.raises(FileThere):
        add_release_file(release, file.name, io.BytesIO(b"x"), actor=CLERK, now=NOW)
    with pytest.raises(FileEmpty):
        add_release_file(release, "empty", io.BytesIO(b""), actor=CLERK, now=NOW)
    assert (rows_of(ReleaseFile), rows_of(File)) == (1, 1)


def test_staff_add_a_file_and_it_is_audited(app, account, release):
    path = f"/releases/{release.public_id}/add-file"
    answer = staff_desk(app).confirm(path, file=(io.BytesIO(b"content"), "notes.txt"), platform="")
    assert answer.status_code == 303
    assert db.session.scalars(select(ReleaseFile.sha256)).one() == hashlib.sha256(b"content").hexdigest()
    assert "release.file_added" in set(db.session.scalars(select(AuditEvent.event)))


def test_the_command_adds_a_file_of_any_size(app, account, release, tmp_path):
    path = tmp_path / "large.iso"
    path.write_bytes(CONTENT)
    code, version = release.product.code, release.version_number
    db.session.commit()
    ended = app.test_cli_runner().invoke(args=["add-release-file", code, version, str(path)])
    assert ended.exit_code == 0, ended.output
    assert hashlib.sha256(CONTENT).hexdigest() in ended.output
    assert app.test_cli_runner().invoke(args=["add-release-file", code, "0", str(path)]).exit_code == 1

"""Pictures of people: whom they are shown to, and what becomes of the content."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from domain.actor import Actor, Source
from integrations.files import FolderFiles
from models import File
from services.avatars import (
    AvatarNotReadable,
    AvatarTooLarge,
    avatar_for,
    discard,
    discard_orphans,
    remove_avatar,
    set_avatar,
)
from services.stored_files import stored_files
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, MemberFactory, PersonFactory, StaffPersonFactory
from tests.support.pictures import opened, picture, png_that_claims

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def store(tmp_path):
    before = stored_files._store
    stored_files.bind(FolderFiles(tmp_path))
    yield stored_files.store
    if before is not None:
        stored_files.bind(before)


@pytest.fixture
def mia(session):
    return MemberFactory().person


def put(person, now, content=None):
    with unit_of_work():
        old = set_avatar(person, content or picture(), actor=Actor("Mia", Source.PORTAL, person_id=person.id), now=now)
    discard(old)


def take_away(person, now):
    with unit_of_work():
        old = remove_avatar(person, actor=Actor("Mia", Source.PORTAL, person_id=person.id), now=now)
    discard(old)


def test_a_picture_is_drawn_anew_and_can_be_seen(session, mia, now, store):
    put(mia, now)
    file = session.scalars(select(File)).one()
    assert (file.content_type, file.safe_image, file.uploaded_by) == ("image/png", True, mia.public_id)
    found = avatar_for(mia, mia.public_id)
    assert found is not None
    assert opened(found.content).size == (256, 256)
    assert (found.sha256, len(found.content)) == (file.sha256, file.size)


def test_another_picture_replaces_the_first_one_wholly(session, mia, now, store):
    put(mia, now)
    put(mia, now, picture(colour="green"))
    assert session.scalar(select(func.count(File.id))) == 1
    assert len(list(store.keys("avatars"))) == 1


def test_a_picture_that_is_removed_is_gone_from_the_store_too(session, mia, now, store):
    put(mia, now)
    take_away(mia, now)
    take_away(mia, now)
    assert avatar_for(mia, mia.public_id) is None
    assert session.scalar(select(func.count(File.id))) == 0
    assert list(store.keys("avatars")) == []


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"text renamed .png", AvatarNotReadable), (picture()[:100], AvatarNotReadable),
     (png_that_claims(30_000, 30_000), AvatarTooLarge), (picture(30_000, 1), AvatarTooLarge)],
)  # fmt: skip
def test_what_cannot_be_shown_leaves_the_old_picture(mia, now, store, content, refusal):
    put(mia, now)
    before = avatar_for(mia, mia.public_id)
    with pytest.raises(refusal):
        put(mia, now, content)
    assert avatar_for(mia, mia.public_id) == before
    assert len(list(store.keys("avatars"))) == 1


def test_a_content_whose_row_was_never_committed_is_harmless_and_discarded_later(session, mia, now, store):
    class Broken(Exception):
        pass

    def put_and_break():
        with unit_of_work():
            set_avatar(mia, picture(), actor=Actor("Mia", Source.PORTAL, person_id=mia.id), now=now)
            raise Broken

    with pytest.raises(Broken):
        put_and_break()
    assert avatar_for(mia, mia.public_id) is None
    put(mia, now, picture(colour="green"))
    assert discard_orphans(now=now) == 0  # its row might still be on its way
    assert discard_orphans(now=now + 3 * DAY) == 1
    assert avatar_for(mia, mia.public_id) is not None


def test_a_content_that_is_lost_shows_no_picture(mia, now, store):
    put(mia, now)
    for key in list(store.keys("avatars")):
        store.delete(key)
    assert avatar_for(mia, mia.public_id) is None


def test_only_who_meets_a_person_sees_them(session, mia, now):
    account = AccountFactory()
    colleague = MemberFactory(account=account).person
    MemberFactory(account=account, person=mia)
    gone = MemberFactory(account=account, status="disabled").person
    stranger = MemberFactory().person
    staff = StaffPersonFactory()
    nobody = PersonFactory()
    put(mia, now)
    put(staff, now)
    seen = {name: avatar_for(viewer, mia.public_id) is not None for name, viewer in (
        ("colleague", colleague), ("gone", gone), ("stranger", stranger), ("staff", staff), ("nobody", nobody),
    )}  # fmt: skip
    assert seen == {"colleague": True, "gone": False, "stranger": False, "staff": True, "nobody": False}
    assert avatar_for(stranger, staff.public_id) is not None  # staff stand beside their answers
    assert avatar_for(staff, "no-such-person") is None

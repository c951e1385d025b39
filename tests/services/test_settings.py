"""What staff decide about the business: read by everybody, changed by few, and written down."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.setting_kinds import SettingKind, SettingNotReadable
from domain.settings import SETTINGS, UnknownSetting, spec_of
from extensions import db
from models import MemberInvitation, MemberStatus
from models.setting import Setting
from services.audit import timeline_of
from services.invitations import invite_member
from services.people import NotWhileLoggedInAs
from services.settings import (
    SettingChanged,
    all_settings,
    change_setting,
    flag_setting,
    number_setting,
    reset_setting,
    setting,
    text_setting,
)
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory
from tests.services.money import CLERK

KEY = "sms_pause_seconds"


def now_of(key: str):
    return next(each for each in all_settings() if each.spec.key == key)


def test_a_setting_that_nobody_changed_has_its_default(session: Session) -> None:
    assert setting(KEY) == number_setting(KEY) == 60
    assert not now_of(KEY).differs


def test_a_changed_setting_is_read_by_everybody_and_written_into_the_audit(session: Session, now: dt.datetime) -> None:
    assert number_setting(KEY) == 60
    changed = change_setting(KEY, " 90 ", actor=CLERK, now=now)
    assert (changed.value, changed.differs, changed.changed_at) == (90, True, now)
    assert number_setting(KEY) == 90
    (entry,) = timeline_of("setting", KEY)
    assert (entry.event, entry.before, entry.after) == ("settings.changed", {KEY: 60}, {KEY: 90})


def test_going_back_to_the_default_takes_the_row_away_and_is_written_down(session: Session, now: dt.datetime) -> None:
    change_setting(KEY, "90", actor=CLERK, now=now)
    assert not reset_setting(KEY, actor=CLERK, now=now).differs
    assert number_setting(KEY) == 60
    assert db.session.scalar(select(Setting)) is None
    assert len(timeline_of("setting", KEY)) == 2


def test_typing_the_same_value_writes_nothing(session: Session, now: dt.datetime) -> None:
    change_setting(KEY, "60", actor=CLERK, now=now)
    change_setting(KEY, "90", actor=CLERK, now=now)
    change_setting(KEY, "90", actor=CLERK, now=now)
    assert len(timeline_of("setting", KEY)) == 1


@pytest.mark.parametrize("typed", ["", "9", "3601", "-60", "60.5", "1e3", "sixty", "٦٠", "9" * 400, "60\0"])
def test_what_is_no_such_value_is_refused_with_its_limits(session: Session, now: dt.datetime, typed: str) -> None:
    with pytest.raises(SettingNotReadable, match="from 10 to 3600 seconds"):
        change_setting(KEY, typed, actor=CLERK, now=now)
    assert number_setting(KEY) == 60


def test_a_setting_nobody_declared_is_a_mistake_of_the_program(session: Session, now: dt.datetime) -> None:
    with pytest.raises(UnknownSetting):
        setting("sms_pause")
    with pytest.raises(UnknownSetting):
        change_setting("sms_pause", "1", actor=CLERK, now=now)


def test_a_value_changed_by_somebody_else_meanwhile_is_not_overwritten(session: Session, now: dt.datetime) -> None:
    seen = now_of(KEY).version
    change_setting(KEY, "90", actor=CLERK, now=now)
    for act in (lambda: change_setting(KEY, "120", actor=CLERK, now=now, version=seen),
                lambda: reset_setting(KEY, actor=CLERK, now=now, version=seen)):  # fmt: skip
        with pytest.raises(SettingChanged):
            act()
    assert number_setting(KEY) == 90


def test_a_kept_value_outside_of_its_limits_is_not_used(session: Session, now: dt.datetime) -> None:
    session.add(Setting(key="login_as_minutes", value=600))
    session.flush()
    assert number_setting("login_as_minutes") == 60


def test_nobody_changes_settings_while_logged_in_as_a_member(session: Session, now: dt.datetime) -> None:
    visitor = Actor("Ann", Source.PORTAL, person_id=1, on_behalf_of_id=2)
    with pytest.raises(NotWhileLoggedInAs):
        change_setting(KEY, "90", actor=visitor, now=now)
    with pytest.raises(NotWhileLoggedInAs):
        reset_setting(KEY, actor=visitor, now=now)


def test_settings_are_read_once_a_transaction_and_anew_in_the_next(session: Session, now: dt.datetime) -> None:
    asked: list[str] = []
    session.commit()

    def listener(_connection, _cursor, sql, *_others) -> None:
        asked.append(sql)

    event.listen(session.get_bind(), "before_cursor_execute", listener)
    try:
        for key in SETTINGS:
            setting(key)
        assert len([sql for sql in asked if "FROM setting" in sql]) == 1
        with unit_of_work():
            change_setting(KEY, "90", actor=CLERK, now=now)
        assert number_setting(KEY) == 90
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", listener)


def test_what_is_rolled_back_is_not_remembered(session: Session, now: dt.datetime) -> None:
    session.commit()

    def change_and_fail() -> None:
        with unit_of_work():
            change_setting(KEY, "90", actor=CLERK, now=now)
            assert number_setting(KEY) == 90
            raise InterruptedError

    with pytest.raises(InterruptedError):
        change_and_fail()
    assert number_setting(KEY) == 60


def test_asking_for_a_setting_as_another_kind_is_a_mistake_of_the_program(session: Session) -> None:
    with pytest.raises(TypeError):
        flag_setting(KEY)
    with pytest.raises(TypeError):
        text_setting(KEY)


def test_every_default_is_a_value_that_may_be_typed() -> None:
    for spec in SETTINGS.values():
        assert spec.fits(spec.default), spec.key
        assert spec.read(str(spec.default)) == spec.default
        assert spec.help.endswith(".")


def test_a_visit_as_a_member_never_lasts_longer_than_an_hour() -> None:
    assert (spec_of("login_as_minutes").most, spec_of("login_as_minutes").kind) == (60, SettingKind.NUMBER)


def test_invitations_live_as_long_as_the_setting_says(session: Session, now: dt.datetime) -> None:
    change_setting("invitation_days", "7", actor=CLERK, now=now)
    invite_member(MemberFactory(status=MemberStatus.INVITED), actor=CLERK, now=now)
    assert session.scalars(select(MemberInvitation.expires_at)).one() == now + dt.timedelta(days=7)

"""Settings: what staff decided about the business, read by everybody through one function.

Only what differs from the declared default has a row. What was read is kept for the rest of the transaction, so a
request asks the database once, and the next one sees what changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy import event as hooks
from sqlalchemy.orm import Session, SessionTransaction

from domain.actor import Actor
from domain.dunning import parse_days
from domain.refusals import Refusal
from domain.setting_kinds import SettingKind, SettingSpec, SettingValue
from domain.settings import SETTINGS, spec_of
from extensions import db
from models.setting import Setting
from services.audit import Target, record_event
from services.people import refuse_while_logged_in_as
from services.records import flush_or_refuse
from services.vat import check_country, check_vat_id

_KEPT: Final = "settings_kept"


class SettingChanged(Refusal):
    message = "Somebody changed this setting meanwhile. Nothing was saved: look at the new value, then try again."


@dataclass(frozen=True, slots=True)
class SettingNow:
    """A setting with its value now, and who changed it when, if anybody did."""

    spec: SettingSpec
    value: SettingValue
    version: int
    changed_at: dt.datetime | None
    changed_by_id: int | None

    @property
    def differs(self) -> bool:
        """Whether it is other than the declared default."""
        return self.value != self.spec.default


def setting(key: str) -> SettingValue:
    """The value of a setting: what staff decided, else the default. UnknownSetting for a key nobody declared."""
    spec = spec_of(key)
    value = _kept().get(key, spec.default)
    return value if spec.fits(value) else spec.default


def number_setting(key: str) -> int:
    """The value of a setting that is a whole number."""
    return int(setting(key)) if spec_of(key).kind is SettingKind.NUMBER else _wrong_kind(key)


def flag_setting(key: str) -> bool:
    """The value of a setting that is yes or no."""
    return bool(setting(key)) if spec_of(key).kind is SettingKind.FLAG else _wrong_kind(key)


def text_setting(key: str) -> str:
    """The value of a setting that is a text."""
    return str(setting(key)) if spec_of(key).kind is SettingKind.TEXT else _wrong_kind(key)


def all_settings() -> Sequence[SettingNow]:
    """Every declared setting as it is now, in the order of their declaration."""
    rows = {row.key: row for row in db.session.scalars(select(Setting))}
    return [_now(spec, rows.get(spec.key)) for spec in SETTINGS.values()]


def change_setting(key: str, text: str, *, actor: Actor, now: dt.datetime, version: int | None = None) -> SettingNow:
    """Give a setting the value that was typed; the default takes its row away. The same value writes nothing.

    ``version`` is that of the value the person saw (SettingNow.version). Refused: SettingNotReadable, CountryUnknown,
    VatIdNotReadable, SettingChanged, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    spec = spec_of(key)
    return _keep(spec, _checked(key, spec.read(text)), actor, now, version)


def reset_setting(key: str, *, actor: Actor, now: dt.datetime, version: int | None = None) -> SettingNow:
    """Go back to the declared default. Refused: SettingChanged, NotWhileLoggedInAs."""
    refuse_while_logged_in_as(actor)
    spec = spec_of(key)
    return _keep(spec, spec.default, actor, now, version)


def _checked(key: str, value: SettingValue) -> SettingValue:
    """What the kind alone cannot judge: countries and VAT IDs have their own form."""
    if key == "seller_country":
        return check_country(str(value))
    if key in ("dunning_retry_days", "dunning_reminder_days", "method_warning_days"):
        least = 0 if key == "dunning_retry_days" else 1
        return ", ".join(str(day) for day in parse_days(str(value), least=least))
    if key == "seller_vat_id" and value:
        return check_vat_id(str(value), country=text_setting("seller_country"))
    return value


def _keep(spec: SettingSpec, value: SettingValue, actor: Actor, now: dt.datetime, version: int | None) -> SettingNow:
    row = db.session.scalar(
        select(Setting)
        .where(Setting.key == spec.key)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    held = _now(spec, row)
    if version is not None and version != held.version:
        raise SettingChanged
    if value == held.value and (row is None) == (value == spec.default):
        return held
    if value == spec.default:
        db.session.execute(delete(Setting).where(Setting.key == spec.key))
        row = None
    elif row is None:
        row = Setting(key=spec.key, value=value, changed_at=now, changed_by_id=actor.person_id)
        db.session.add(row)
        flush_or_refuse({"setting.key": SettingChanged})
    else:
        row.value, row.changed_at, row.changed_by_id = value, now, actor.person_id
        row.version += 1
        db.session.flush()
    db.session.info.pop(_KEPT, None)
    before, after = {spec.key: held.value}, {spec.key: value}
    record_event("settings.changed", Target("setting", spec.key), actor=actor, now=now, before=before, after=after)
    return _now(spec, row)


def _now(spec: SettingSpec, row: Setting | None) -> SettingNow:
    if row is None:
        return SettingNow(spec, spec.default, 0, None, None)
    value = row.value if spec.fits(row.value) else spec.default
    return SettingNow(spec, value, row.version, row.changed_at, row.changed_by_id)


def _kept() -> dict[str, Any]:
    """The rows by key, read once a transaction."""
    session = db.session()
    kept: dict[str, Any] | None = session.info.get(_KEPT)
    if kept is None:
        kept = {row.key: row.value for row in session.execute(select(Setting.key, Setting.value))}
        session.info[_KEPT] = kept
    return kept


def _wrong_kind(key: str) -> Any:
    raise TypeError(f"the setting {key!r} is of kind {spec_of(key).kind}")


@hooks.listens_for(db.session, "after_transaction_end")
def _forget(session: Session, ended: SessionTransaction) -> None:
    session.info.pop(_KEPT, None)

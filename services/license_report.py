"""The report of the client app: one row for each field that was changed on a license (SPEC E5)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from domain.actor import Actor
from extensions import db
from models.license import License
from models.license_change import LicenseChange

LONGEST_NAME: Final = 120


def tell_report(
    license: License,
    field: str,
    before: str | None,
    after: str | None,
    *,
    actor: Actor,
    now: dt.datetime,
    edition: str | None = None,
) -> LicenseChange:
    """Write one change, with the license's type and the names as they are now."""
    change = LicenseChange(
        account_id=license.account_id,
        license_id=license.id,
        license_kind=license.kind,
        edition=edition,
        changed_at=now,
        field=field,
        before=before,
        after=after,
        changed_by=actor.name[:LONGEST_NAME],
        changed_by_person_id=actor.person_id,
        ip=actor.ip,
    )
    db.session.add(change)
    return change

"""The column that counts a license's further devices: filled from the activations that were there before it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import update

from extensions import db
from models import License
from tests.factories.base import NOW
from tests.factories.services import LicenseActivationFactory, LicenseFactory
from tests.support.databases import MIGRATIONS

LOCK, OTHER, THIRD = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"


def migration() -> ModuleType:
    [file] = Path(MIGRATIONS, "versions").glob("*_let_devices_activate_licenses.py")
    spec = importlib.util.spec_from_file_location("let_devices_activate_licenses", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_devices_that_were_active_before_are_counted_without_the_one_that_is_locked(session):
    full, single, free = (LicenseFactory(mac_address=mac, activation_limit=3) for mac in (LOCK, LOCK, None))
    for mac in (LOCK, OTHER, THIRD):
        LicenseActivationFactory(license=full, mac_address=mac)
    LicenseActivationFactory(license=full, mac_address="02:00:00:00:00:04", deactivated_at=NOW)
    LicenseActivationFactory(license=single, mac_address=LOCK)
    LicenseActivationFactory(license=free, mac_address=LOCK)
    session.execute(update(License).values(further_devices=0))
    with Operations.context(MigrationContext.configure(db.session.connection())):
        migration()._count_devices()
    db.session.expire_all()
    assert [row.further_devices for row in (full, single, free)] == [2, 0, 0]

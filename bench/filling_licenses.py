"""Fills a scratch database with licenses: one of ten is the big account's, which is also a reseller of 1,000 others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import create_engine, insert, text
from sqlalchemy.pool import NullPool

from bench.filling import (
    BIG_ACCOUNT_ID,
    BIG_ACCOUNT_SHARE,
    LAST_DAY,
    NULL,
    copy_rows,
    home_of,
    insert_accounts,
    insert_people,
    settle,
    without_indexes_and_keys,
)
from models import AccountAncestor, LicenseDuration, LicenseKind, LicenseStatus, Package, ProductClass

ACCOUNTS = 20_000
CUSTOMERS = 1_000
"""Accounts below the big one, each at the second or third level."""
BIG_CUSTOMER_ID = 2
"""One of ten licenses belongs to this customer of the reseller, so that its pages are full at every size."""
PACKAGES = 20
DAYS = 1_000
_OF_ONE = {0: BIG_ACCOUNT_ID, 1: BIG_CUSTOMER_ID}
_MADE_AT = dt.datetime(2023, 1, 1, 9, tzinfo=dt.UTC)

COLUMNS = (
    "id, account_id, code, kind, package_id, status, duration, currency, expires_on, reference, mac_address,"
    " activation_limit, further_devices, resets_left, created_at, version"
)
# In how many of a hundred licenses a status stands.
_SHARES = ((80, LicenseStatus.ACTIVE), (88, LicenseStatus.EXPIRED), (93, LicenseStatus.NOT_ACTIVATED))
_RARE = ((97, LicenseStatus.TERMINATED), (100, LicenseStatus.SUSPENDED))


def fill_licenses(url: str, licenses: int, *, accounts: int = ACCOUNTS) -> None:
    """Fill an empty, migrated database and bring its statistics up to date."""
    engine = create_engine(url, poolclass=NullPool)
    below = [2 + place for place in range(min(CUSTOMERS, accounts - 1))]
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        insert_accounts(connection, accounts)
        insert_people(connection)
        connection.execute(
            insert(AccountAncestor),
            [{"account_id": each, "ancestor_id": BIG_ACCOUNT_ID, "depth": 1 + each % 3} for each in below],
        )
        connection.execute(
            insert(ProductClass), {"id": 1, "code": "software", "name": "Software", "created_at": _MADE_AT}
        )
        connection.execute(
            insert(Package),
            [
                {
                    "id": number,
                    "code": f"package-{number}",
                    "name": f"Package {number}",
                    "product_class_id": 1,
                    "license_kind": list(LicenseKind)[number % len(LicenseKind)],
                    "created_at": _MADE_AT,
                }
                for number in range(1, PACKAGES + 1)
            ],
        )
        connection.execute(text("TRUNCATE license CASCADE"))
        with without_indexes_and_keys(connection, ("license",)):
            copy_rows(connection, "license", COLUMNS, license_lines(licenses, accounts))
    settle(engine)


def license_lines(licenses: int, accounts: int) -> Iterator[str]:
    """The licenses as lines of COPY, the oldest first. Packages of a high number are rarer."""
    durations, kinds = list(LicenseDuration), list(LicenseKind)
    for number in range(licenses):
        luck = (number * 2_654_435_761 >> 7) & 0xFFFFFF
        account_id = _OF_ONE.get(number % BIG_ACCOUNT_SHARE, 2 + luck % (accounts - 1))
        package_id = 1 + luck % PACKAGES * (luck // PACKAGES % PACKAGES) // PACKAGES
        day = LAST_DAY - dt.timedelta(days=DAYS - 1 - number * DAYS // licenses)
        duration = durations[luck // 7 % len(durations)]
        expires_on = NULL if duration is LicenseDuration.PERPETUAL else str(LAST_DAY + dt.timedelta(days=luck % 365))
        mac = f"00:1A:{luck >> 16 & 255:02X}:{luck >> 8 & 255:02X}:{luck & 255:02X}:{number & 255:02X}"
        yield (
            f"{number + 1}\t{account_id}\tLIC-{number:08d}\t{kinds[package_id % len(kinds)].value}\t{package_id}"
            f"\t{status_of(luck // 11 % 100).value}\t{duration.value}\t{home_of(account_id)[1]}\t{expires_on}"
            f"\tOffice {luck % 5000}\t{mac}\t1\t0\t3\t{day} {number % 24:02d}:00:00+00\t1\n"
        )


def status_of(share: int) -> LicenseStatus:
    """The status at a place from 0 to 99."""
    return next(status for below, status in (*_SHARES, *_RARE) if share < below)

"""What an account's owner may change about it: contact and billing data, and nothing that decides tax or prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from domain.actor import Actor
from domain.refusals import Refusal
from models.account import Account
from services.accounts import FieldNotEditable, update_account
from services.locks import locked

OWN_FIELDS: Final = (
    "contact_name", "contact_email", "contact_phone", "website", "time_zone",
    "billing_name", "billing_email", "billing_line1", "billing_line2", "billing_city", "billing_region",
    "billing_postal_code",
)  # fmt: skip


class AccountChangedMeanwhile(Refusal):
    message = (
        "Somebody changed this account meanwhile. Nothing was saved. Compare, and save again to keep what you typed."
    )


class BillingNameMissing(Refusal):
    message = "Enter the name that stands on invoices."


def update_own_account(
    account: Account, changes: Mapping[str, Any], *, version: int | None, actor: Actor, now: dt.datetime
) -> Account:
    """Change an account's own data; ``version`` is that of the form, None where nothing is compared.

    Refused: AccountChangedMeanwhile, BillingNameMissing, FieldNotEditable, EmailNotReadable, TimeZoneUnknown.
    """
    if not changes.keys() <= set(OWN_FIELDS):
        raise FieldNotEditable
    locked(account)
    if version is not None and version != account.version:
        raise AccountChangedMeanwhile
    if "billing_name" in changes and not (changes["billing_name"] or "").strip():
        raise BillingNameMissing
    return update_account(account, changes, actor=actor, now=now)

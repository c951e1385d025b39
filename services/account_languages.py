"""In which language an account is spoken to: documents, what is booked, and tickets that open by themselves."""

from __future__ import annotations

from extensions import db
from models.account import Account
from services.catalogs import Catalog, catalog


def language_of_account(account_id: int) -> Catalog:
    """The language that staff or the account chose for it."""
    return catalog(db.session.get_one(Account, account_id).language)

"""In which language an account is spoken to: documents, what is booked, and tickets that open by themselves."""

from __future__ import annotations

from domain.sentences import Sentence
from extensions import db
from models.account import Account
from services.catalogs import Catalog, catalog


def language_of_account(account_id: int) -> Catalog:
    """The language that staff or the account chose for it."""
    return catalog(db.session.get_one(Account, account_id).language)


def written_for(account_id: int, text: str, longest: int = 255) -> str:
    """A text as it is kept with an account: a Sentence in its language of this moment, never said in another later.

    What is no Sentence are words of people and names of products, and stays as it is.
    """
    return (language_of_account(account_id).say(text) if isinstance(text, Sentence) else text)[:longest]

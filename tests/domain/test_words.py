"""The documents that go with the rules: the glossary knows every slug, money.md every event and pot of the ledger."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from domain import postings
from domain.permissions import P
from domain.postings import LedgerAccountKind

DOCS = Path(__file__).parents[2] / "docs"

CONTRACT = """
accounts members invoices credit-notes statements payments payment-methods orders subscriptions subscription-items licenses
customer-licenses client-app-report prospects tickets notifications audit products packages prices releases resources
tax-rules staff-members roles departments ticket-types gateways jobs
"""
SLUGS = CONTRACT.split()

# Slugs that are read under the permission of a wider noun.
READ_AS = {
    "subscription-items": P.SUBSCRIPTIONS_READ,
    "products": P.STAFF_CATALOGUE_READ,
    "packages": P.STAFF_CATALOGUE_READ,
    "prices": P.STAFF_CATALOGUE_READ,
    "staff-members": P.STAFF_STAFF_READ,
}


@pytest.mark.parametrize("slug", SLUGS)
def test_the_glossary_says_what_a_slug_means(slug: str) -> None:
    assert f"(`{slug}`)" in (DOCS / "glossary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("slug", SLUGS)
def test_every_slug_has_a_permission_to_read_it(slug: str) -> None:
    assert slug in READ_AS or {f"{slug}:read", f"staff:{slug}:read"} & set(P)


def test_every_event_of_the_ledger_stands_in_the_money_page() -> None:
    page = (DOCS / "money.md").read_text(encoding="utf-8")
    events = {
        name
        for name, function in inspect.getmembers(postings, inspect.isfunction)
        if function.__module__ == postings.__name__ and not name.startswith("_") and name != "balances_of"
    }
    table = set(re.findall(r"^\| `([a-z_]+)`", page, re.MULTILINE))
    assert events | set(LedgerAccountKind) == table

"""Which modules of tests are begun first: those that take longest, so that no worker ends with one of them alone."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent

# More than about a minute each in a whole run on two workers; the longest first. A module stays on one worker.
LONG_MODULES = (
    "browser/test_walk.py",
    "views/test_bad_input.py",
    "views/test_matrix.py",
    "views/test_matrix_writing.py",
    "browser/test_core_flows.py",
    "gateways/test_events_in_any_order.py",
    "services/test_guessing_flood.py",
    "services/test_demo.py",
    "services/test_rehearsing.py",
    "scenarios/test_killed_renewals.py",
    "scenarios/test_killed_ticket_mails.py",
    "views/test_hostile_texts.py",
    "views/test_customer_words.py",
    "scenarios/test_killed_payments.py",
    "scenarios/test_killed_refunds_and_methods.py",
    "scenarios/test_random_baskets.py",
    "views/test_matrix_forms.py",
    "views/test_matrix_locks.py",
    "jobs/test_broker.py",
    "scenarios/test_money_property.py",
    "scenarios/test_three_years.py",
    "views/test_social_sign_in.py",
    "views/test_phone.py",
)

_PLACES = {TESTS / name: place for place, name in enumerate(LONG_MODULES)}


def longest_first(items: list[pytest.Item]) -> None:
    """Put the long modules before all others; what is in a module, and the others, stay in their order."""
    items.sort(key=lambda item: _PLACES.get(item.path, len(_PLACES)))

"""The provider of the demo: who bills, and where money is sent by hand."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from services.demo.world import World
from services.settings import change_setting

SETTINGS: Final = MappingProxyType(
    {
        "seller_name": "TELCOware GmbH",
        "seller_line1": "Hafenstraße 12",
        "seller_postal_code": "20457",
        "seller_city": "Hamburg",
        "seller_country": "DE",
        "seller_vat_id": "DE136695976",
        "seller_email": "billing@telcoware.example",
        "bank_iban": "DE89 3704 0044 0532 0130 00",
        "bank_bic": "COBADEFFXXX",
        "bank_name": "Commerzbank",
        "cheque_payable_to": "TELCOware GmbH",
        "cheque_address": "TELCOware GmbH, Hafenstraße 12, 20457 Hamburg, Germany",
        "cheque_countries": "US, CA",
    }
)
"""IBAN and VAT ID are the examples that are published to try such numbers with."""


def make_house(world: World) -> None:
    """Say who bills, before the first invoice does."""
    for key, text in SETTINGS.items():
        change_setting(key, text, actor=world.system, now=world.beginning)

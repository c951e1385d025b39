"""Countries and VAT IDs, checked for their form: whether a VAT ID is registered only its country knows."""

from __future__ import annotations

import re
from typing import Any, Final

from babel import Locale
from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

from domain.refusals import Refusal

COUNTRIES: Final = frozenset(
    str(code)
    for code in Locale("en").territories
    if re.fullmatch(r"[A-Z]{2}", str(code)) and code not in {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
)
# Greece writes its VAT IDs with EL, and Northern Ireland has XI.
_PREFIXES: Final = {"EL": "GR", "XI": "GB"}
_ANY_FORM: Final = re.compile(r"[A-Z0-9]{4,20}")


class CountryUnknown(Refusal):
    message = "Enter the country as two letters, like US or DE."


class VatIdNotReadable(Refusal):
    message = "This VAT ID is not right. Enter it with the country in front, like DE136695976."


def check_country(code: str) -> str:
    """Give the code in capitals when there is such a country."""
    written = code.strip().upper()
    if written not in COUNTRIES:
        raise CountryUnknown
    return written


def check_vat_id(text: str, *, country: str) -> str:
    """Give a VAT ID without spaces and points, when its form and check digits are those of its country."""
    written = re.sub(r"[\s.\-/]", "", text).upper()
    if not _ANY_FORM.fullmatch(written):
        raise VatIdNotReadable
    prefix = written[:2] if written[:2].isalpha() else country
    module: Any = get_cc_module(_PREFIXES.get(prefix, prefix).lower(), "vat")
    if module is None:
        return written
    try:
        module.validate(written)
    except ValidationError:
        raise VatIdNotReadable from None
    return written

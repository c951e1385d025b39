"""Reading amounts of money that people typed, without a float."""

from __future__ import annotations

import re

from panel.words import gettext

_AMOUNT = re.compile(r"(-?)(\d{1,15})(?:\.(\d{0,4}))?").fullmatch


def parse_amount(text: str, exponent: int) -> int:
    """The minor units of an amount with up to ``exponent`` decimals; ValueError with a plain message otherwise."""
    found = _AMOUNT(text.strip().replace("\u2212", "-"))
    if found is None:
        raise ValueError(gettext("Enter an amount like 12.50."))
    sign, whole, decimals = found[1], found[2], (found[3] or "").rstrip("0")
    if len(decimals) > exponent:
        if not exponent:
            raise ValueError(gettext("Enter a whole amount like 12."))
        raise ValueError(gettext("Enter an amount like 12.50, with at most %(count)s decimals.", count=exponent))
    minor: int = int(whole) * 10**exponent + int(decimals.ljust(exponent, "0") or "0")
    return -minor if sign else minor


def amount_text(minor: int, exponent: int) -> str:
    """Minor units as people type them: 1250 -> "12.50"."""
    sign, minor = ("-" if minor < 0 else ""), abs(minor)
    if exponent == 0:
        return f"{sign}{minor}"
    return f"{sign}{minor // 10**exponent}.{minor % 10**exponent:0{exponent}d}"

"""Phone numbers as people type them, kept in one way: E.164, like +12025550123."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from domain.refusals import Refusal

LONGEST_TYPED: Final = 40
_TYPED = re.compile(r"\+?[0-9][0-9 ()./\-]*|\+?\([0-9 ()./\-]*")
_DASHES: Final = str.maketrans({"\u00a0": " ", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-"})
# Where a code can arrive. Premium, shared-cost and personal numbers cost whoever calls them, and some live on that.
_CAN_RECEIVE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP})


class PhoneNotReadable(Refusal):
    message = "Enter one phone number with its country, like +1 202 555 0123."


class PhoneNotUsable(Refusal):
    message = "Codes cannot be sent to this kind of number. Enter the number of a mobile phone."


def normalise_phone(text: str, country: str | None) -> str:
    """Give the number in E.164. One without + is read as people of ``country`` (two letters) dial it.

    Refused: PhoneNotReadable, PhoneNotUsable (landlines, premium and other special numbers, as far as can be told).
    """
    written = unicodedata.normalize("NFKC", text[: 2 * LONGEST_TYPED].translate(_DASHES)).strip(" ")
    if len(written) > LONGEST_TYPED or not written.isascii() or not _TYPED.fullmatch(written):
        raise PhoneNotReadable
    try:
        number = phonenumbers.parse(written, (country or "").upper() or None)
    except phonenumbers.NumberParseException:
        raise PhoneNotReadable from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneNotReadable
    if phonenumbers.number_type(number) not in _CAN_RECEIVE:
        raise PhoneNotUsable
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def phone_in_words(phone: str) -> str:
    """The number as people read it: +1 202-555-0123. What is no number is given back as it is."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))


def phone_with_dots(phone: str) -> str:
    """Enough of a number to know it by: the country and the last two digits."""
    shown = phone_in_words(phone)
    digits = [place for place, letter in enumerate(shown) if letter.isdigit()]
    first = shown.find(" ") if " " in shown else 3
    hidden = {place for place in digits[:-2] if place > first}
    return "".join("•" if place in hidden else letter for place, letter in enumerate(shown))

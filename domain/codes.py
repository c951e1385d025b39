"""License codes: how ours are made, and how any code is read kindly when people type it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters without I, L, O and U: what is typed as one of the first three can only be 1 or 0."""

CODE_BITS: Final = 80
_GROUP: Final = 4
_LENGTH: Final = CODE_BITS // 5
_LOOK_ALIKES: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})
# Cyrillic and Greek letters that print like Latin ones: people paste them without knowing.
_FOREIGN: Final = str.maketrans("АВЕКМНОРСТУХЅІЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXSIJABEZHIKMNOPTYX")
_SEPARATORS: Final = re.compile(r"[\s\-_.‐‑‒–—−\u200b]+")


def make_code(random_bits: int) -> str:
    """Write 80 random bits as a code like 7KQ4-0ZXV-93BT-M5HE. The caller draws them (``secrets.randbits``)."""
    if not 0 <= random_bits < 1 << CODE_BITS:
        raise ValueError(f"a code is made of {CODE_BITS} bits")
    letters = [ALPHABET[random_bits >> 5 * place & 31] for place in reversed(range(_LENGTH))]
    return _grouped("".join(letters))


def possible_codes(text: str) -> tuple[str, ...]:
    """The codes a text may stand for, the most literal first; look up all and take the first found.

    Codes from older systems may hold any letter, so the reading with look-alikes replaced is only the last guess, and
    only where the text has the length of ours. Nothing readable gives nothing.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    latin = plain.translate(_FOREIGN)
    bare = _SEPARATORS.sub("", latin)
    ours = bare.translate(_LOOK_ALIKES)
    guesses = [text.strip(), plain, latin, bare]
    if len(ours) == _LENGTH and set(ours) <= set(ALPHABET):
        guesses.append(_grouped(ours))
    return tuple(dict.fromkeys(guess for guess in guesses if guess and "\0" not in guess))


def _grouped(letters: str) -> str:
    return "-".join(letters[place : place + _GROUP] for place in range(0, len(letters), _GROUP))

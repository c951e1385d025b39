"""One key for all the ways to write a company's name: without case, accents and legal form (SPEC E9)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from domain.refusals import Refusal

LONGEST_KEY: Final = 255
"""Longer ones are cut: what differs only behind that is the same company."""

# Letters that do not fall apart into a letter and an accent.
_PLAIN_LETTERS: Final = str.maketrans(
    {"æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ħ": "h", "ı": "i", "ŧ": "t", "ŋ": "n"}
)

# Written without points and spaces: S.A., S A and SA are all "sa" here, S. de R.L. de C.V. is "sderldecv". Forms that
# are ordinary words too are left out where a false match would cost a reseller a prospect.
_FORMS: Final = """
    ab ae ag aktiengesellschaft amba ans aps as asa bhd bt bv bvba cia cie co company corp corporation cv cvba
    dac dba dd dmcc doo dooel ead eeig ehf eireli ek eood ev eurl fze fzco fzllc gbr gesellschaft gesmbh gie gmbh
    hf inc incorporated jdoo kd kda kft kg kgaa ks lda limited limitada llc llp lp lta ltd ltda ltee mbh nv
    ohg ohf ood oy oyj plc pllc privatelimited proprietarylimited ptc pte pteltd pty ptyltd pvt pvtltd rt
    sa sabdecv sac sadecv sae saic sal saoc saog sapidecv sarl sas sasu sca scarl scra scs sderldecv sdnbhd se sgps
    sia sl slne slu snc spa spk spj spzoo spzook sprl srl srls sro tbk uab ug vof vzw wll zao zrt
    ооо оао зао пао ао тов оод еоод ад еад доо дооел αε επε οε ικε
"""
_LEGAL_FORMS: Final = frozenset(_FORMS.split())
_MOST_WORDS_OF_A_FORM: Final = 5
_LEADING_FORMS: Final = frozenset(("ooo", "oao", "zao", "pao", "pt", "tov", "ооо", "оао", "зао", "пао", "ао", "тов"))
_JOINING_WORDS: Final = frozenset(("and", "und", "et", "y", "e", "i", "и"))
_ATTACHED_FORMS: Final = re.compile("株式会社|有限会社|合同会社|股份有限公司|有限公司")
_POINTED: Final = re.compile(r"(?<![^\W_])[^\W_](?:\.[^\W_])+(?![^\W_])")  # s.a and d.o.o, but not e.on


class CompanyNotReadable(Refusal):
    message = "Enter the company's name: at least one letter or digit."


def company_key(name: str) -> str:
    """The key that two spellings of the same company share. Applying it to a key changes nothing.

    A name that is nothing but legal forms ("Limited Ltd") keeps its first word.
    """
    words = _words(name)
    if not words:
        raise CompanyNotReadable
    return " ".join(_without_legal_forms(" ".join(words)[:LONGEST_KEY].split()))


def _words(name: str) -> list[str]:
    text = re.sub(r"['’`´ʼ]", "", _folded(name))
    text = _POINTED.sub(lambda pointed: pointed[0].replace(".", ""), text)
    words = re.findall(r"[^\W_]+", text)
    return re.findall(r"[^\W_]+", _ATTACHED_FORMS.sub(" ", text)) or words


def _folded(text: str) -> str:
    """Without case and accents. Folding can bring up what folds again, so it goes on until nothing changes."""
    while True:
        plain = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN_LETTERS)
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
        if plain == text:
            return unicodedata.normalize("NFC", plain)
        text = plain


def _without_legal_forms(words: list[str]) -> list[str]:
    """Take forms off both ends, the longest first, until none is left; at least one word stays."""
    while True:
        length = _length_of_form(words)
        if length:
            words = words[:-length]
            while len(words) > 1 and words[-1] in _JOINING_WORDS:
                words = words[:-1]
        elif len(words) > 1 and words[0] in _LEADING_FORMS:
            words = words[1:]
        else:
            return words


def _length_of_form(words: list[str]) -> int:
    """How many words at the end are one legal form; 0 when none is."""
    for length in range(min(_MOST_WORDS_OF_A_FORM, len(words) - 1), 0, -1):
        if "".join(words[-length:]) in _LEGAL_FORMS:
            return length
    return 0

"""What stands in braces in a ready answer: a fixed set of names, filled in once for each ticket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.refusals import Refusal
from domain.sentences import Sentence

VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "customer": Sentence("the name of who is answered"),
        "ticket number": Sentence("the number of the ticket"),
        "agent": Sentence("your name"),
    }
)
ALIASES: Final[Mapping[str, str]] = MappingProxyType({"name": "customer", "number": "ticket number"})
"""Earlier names, which answers that were written with them keep."""

_IN_BRACES: Final = re.compile(r"\{([^{}\n]{1,40})\}")
_LIKE_A_NAME: Final = re.compile(r"[A-Za-z][A-Za-z _]*")
# What would make a name a link, a picture, code or emphasis where the answer is shown as Markdown.
_MARKING: Final = str.maketrans("", "", "[]<>`*\\")


class VariableUnknown(Refusal):
    def __init__(self, name: str) -> None:
        known = ", ".join(f"{{{each}}}" for each in VARIABLES)
        super().__init__(
            Sentence(
                "There is no %(name)s, and customers would read it as it stands. Use %(known)s.",
                name=f"{{{name}}}",
                known=known,
            )
        )
        self.fields = {"body": self.message}


def check_variables(text: str) -> str:
    """The text, of which every word in braces is known; braces around anything else are the text's own.

    Refused: VariableUnknown.
    """
    for found in _IN_BRACES.finditer(text):
        name = " ".join(found[1].split())
        if _LIKE_A_NAME.fullmatch(name) and _known(name) is None:
            raise VariableUnknown(name)
    return text


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """The text with the values of VARIABLES in it, read once: what stands in a value is no variable and no Markdown."""

    def value(found: re.Match[str]) -> str:
        name = _known(" ".join(found[1].split()))
        return " ".join(values[name].translate(_MARKING).split()) if name is not None else found[0]

    return _IN_BRACES.sub(value, text)


def _known(name: str) -> str | None:
    lowered = name.lower()
    found = ALIASES.get(lowered, lowered)
    return found if found in VARIABLES else None

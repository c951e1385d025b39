"""Words out of the bytes of a mail: charsets that lie, and characters that no database takes."""

from __future__ import annotations

import re
from typing import Final

_LINE_ENDS: Final = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_UNKEPT: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap"}
)
_ALIASES: Final = {
    "ansi": "cp1252",
    "iso-8859-1": "cp1252",  # what is declared so is written in the larger one (WHATWG Encoding, section 4.2)
    "latin1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "unicode": "utf-8",
    "utf8mb4": "utf-8",
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "windows-874": "cp874",
    "x-mac-roman": "mac-roman",
}


def decode(content: bytes, charset: str | None) -> str:
    """The text: by the charset that is declared, else UTF-8, else the commonest of the West, and never an error."""
    declared = _known(charset)
    for name in (declared, "utf-8", "cp1252"):
        if name:
            try:
                return content.decode(name)
            except (UnicodeError, ValueError):
                continue
    return content.decode(declared or "utf-8", "replace")


def _known(charset: str | None) -> str | None:
    """The name Python has for a charset of text; None for one it does not know, or that is no charset (``hex``)."""
    name = (charset or "").strip().strip("'\"").lower()
    name = _ALIASES.get(name, name)
    if not name or len(name) > 40 or not name.isascii() or "\0" in name or name.replace("-", "_") in _NO_CHARSETS:
        return None
    try:
        b"a".decode(name)
    except UnicodeError:  # as of UTF-16, which wants two bytes
        return name
    except (LookupError, ValueError):
        return None
    return name


def clean(text: str) -> str:
    """Without what no database takes (NUL, halves of pairs) and nobody sees; all ends of lines are ``\\n``."""
    return _UNKEPT.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str, longest: int) -> str:
    """The same on one line, cut to a length with a sign that it was."""
    whole = " ".join(clean(text[: 20 * longest]).split())
    return whole if len(whole) <= longest else whole[: longest - 1].rstrip() + "…"

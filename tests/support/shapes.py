"""What a page is made of, apart from its words: its elements in their order, their attributes, and where it leads.

Two pages that differ only in what people typed have the same shape. Where a text becomes markup, an attribute or an
address, they have not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

ADDRESSES = frozenset(
    {"href", "src", "action", "formaction", "srcset", "poster", "data", "xlink:href", "background", "cite", "ping"}
)
SCHEMES = frozenset({"http", "https", "mailto"})
_SPOKEN = frozenset({"value", "title", "alt", "placeholder", "content", "label", "datetime"})
"""Attributes whose value is only read."""

Element = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Shape:
    """``words`` is all text and every attribute that is only read, as a browser understands it."""

    elements: list[Element] = field(default_factory=list)
    rows: list[tuple[Element, ...]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.words)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shape = Shape()
        self._row: list[Element] | None = None
        self._in_rows = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said: list[tuple[str, str]] = []
        for name, value in attrs:
            said.append((name, _where(value or "") if _is_address(name) else ""))
            if name in _SPOKEN or name.startswith(("data-", "aria-")):
                self.shape.words.append(value or "")
        element = (tag, tuple(sorted(said)))
        if tag == "tbody":
            self._in_rows = True
        if tag == "tr" and self._in_rows:
            self._row = []
        (self.shape.elements if self._row is None else self._row).append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr" and self._row is not None:
            self.shape.rows.append(tuple(self._row))
            self._row = None
        elif tag == "tbody":
            self._in_rows = False

    def handle_data(self, data: str) -> None:
        self.shape.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.shape.elements.append(("comment", ()))

    def handle_decl(self, decl: str) -> None:
        self.shape.elements.append((decl.lower(), ()))

    def unknown_decl(self, data: str) -> None:
        self.shape.elements.append(("unknown", ()))

    def handle_pi(self, data: str) -> None:
        self.shape.elements.append(("instruction", ()))


def shape_of(html: str) -> Shape:
    """Read a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.shape


def _is_address(name: str) -> bool:
    return name in ADDRESSES or (name.startswith("data-") and name.endswith(("url", "href", "src")))


def _where(address: str) -> str:
    """Whether an address stays in the house, leads to the web or a mail program, or does what none of ours does."""
    bare = "".join(character for character in address if character > " ")
    if bare.startswith("//") or "\\" in bare[:2]:
        return "another host"
    scheme, colon, _rest = bare.partition(":")
    if colon and not set(scheme) & set("/?#"):
        return scheme.lower() if scheme.lower() in SCHEMES else f"scheme {scheme.lower()}"
    return "here"

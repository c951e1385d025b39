"""The text of an HTML mail: what a reader would see, without markup, scripts or anything fetched from elsewhere.

Not the standard library's HTMLParser: over unfinished tags and comments it looks at the rest of the text again and
again (CVE-2025-6069), and a mail is written by whoever wants to. Here each character is looked at a bounded number of
times. What comes out is plain text: whoever shows it escapes it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

LONGEST_HTML: Final = 2_000_000
_LONGEST_TAG: Final = 4_000
_LONGEST_ADDRESS: Final = 500
_DEEPEST_QUOTE: Final = 10
_UNSEEN: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "svg", "object", "iframe", "math"}
)
_BLOCKS: Final = frozenset(
    {
        *("address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3"),
        *("h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"),
    }
)
_PARAGRAPHS: Final = frozenset({"p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"})
_CELLS: Final = frozenset({"td", "th"})
_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)")
_HREF: Final = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ALT: Final = re.compile(r"""\salt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_SPACE: Final = re.compile(r"[ \t\r\n\f\u00a0]+")
_MANY_BLANKS: Final = re.compile(r"\n{3,}")
_FOLLOWED: Final = ("http://", "https://", "mailto:")


def text_of_html(source: str) -> str:
    """Give the text: blocks as lines, quotes behind ``> ``, list items behind ``- ``, links with their address."""
    page = _Page()
    for text, tag in _tokens(source[:LONGEST_HTML]):
        if tag:
            page.tag(tag)
        else:
            page.text(text)
    return page.finished()


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    """Text and tags in turn, each as (text, "") or ("", tag); comments, declarations and what is unseen left out."""
    place, lower = 0, source.lower()
    while place < len(source):
        start = source.find("<", place)
        if start < 0:
            yield source[place:], ""
            return
        if start > place:
            yield source[place:start], ""
        if source.startswith("<!--", start):
            place = _after(source, "-->", start + 4)
            continue
        if source.startswith(("<!", "<?"), start):
            place = _after(source, ">", start + 2)
            continue
        end = source.find(">", start, start + _LONGEST_TAG)
        named = _TAG.match(source, start, end) if end > 0 else None
        if named is None:  # a lonely "<", as in "a < b"
            yield "<", ""
            place = start + 1
            continue
        yield "", source[start : end + 1]
        place, name = end + 1, named[1].lower()
        if name in _UNSEEN and source[start + 1] != "/" and source[end - 1] != "/":
            place = _after(lower, f"</{name}", place, to=">")


def _after(source: str, mark: str, place: int, *, to: str = "") -> int:
    """The place behind the next mark, or the end: what is never closed hides all that follows."""
    found = source.find(mark, place)
    if found < 0:
        return len(source)
    found += len(mark)
    if not to:
        return found
    end = source.find(to, found)
    return len(source) if end < 0 else end + len(to)


@dataclass
class _Page:
    """Lines as they are put together."""

    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    depth: int = 0
    preformatted: int = 0
    link: str = ""
    link_text: list[str] = field(default_factory=list)

    def text(self, raw: str) -> None:
        text = html.unescape(raw)
        if self.preformatted:
            first, *others = text.replace("\r\n", "\n").split("\n")
            self.line.append(first)
            for other in others:
                self.end_line(always=True)
                self.line.append(other)
            return
        text = _SPACE.sub(" ", text)
        if not self.line:
            text = text.lstrip(" ")
        if text:
            self.line.append(text)
            if self.link:
                self.link_text.append(text)

    def tag(self, tag: str) -> None:
        name = _TAG.match(tag)
        if name is None:
            return
        self.named(name[1].lower(), closing=tag[1] == "/", tag=tag)

    def named(self, name: str, *, closing: bool, tag: str) -> None:
        if name == "br":
            self.end_line(always=True)
        elif name in _CELLS and closing:
            self.line.append(" ")
        elif name == "a":
            self.anchor(tag, closing=closing)
        elif name == "img":
            described = _ALT.search(tag)
            self.text((described[1] or described[2] or "") if described else "")
        elif name in _BLOCKS:
            self.block(name, closing=closing)

    def block(self, name: str, *, closing: bool) -> None:
        self.end_line()
        if name in _PARAGRAPHS:
            self.blank_line()
        if name == "blockquote":
            self.depth = max(0, self.depth - 1) if closing else self.depth + 1
        elif name == "pre":
            self.preformatted = max(0, self.preformatted - 1) if closing else self.preformatted + 1
        elif name == "li" and not closing:
            self.line.append("- ")
        elif name == "hr":
            self.line.append("_" * 32)
            self.end_line()

    def anchor(self, tag: str, *, closing: bool) -> None:
        if self.link and "".join(self.link_text).strip() not in (self.link, self.link.removeprefix("mailto:")):
            self.line.append(f" <{self.link}>")
        self.link, self.link_text = "", []
        found = None if closing else _HREF.search(tag)
        if found is not None:
            address = html.unescape(found[1] or found[2] or found[3] or "").strip()
            if address.lower().startswith(_FOLLOWED) and len(address) <= _LONGEST_ADDRESS:
                self.link = _SPACE.sub("", address)

    def end_line(self, *, always: bool = False) -> None:
        text = "".join(self.line).rstrip()
        if text or always:
            self.lines.append("> " * min(self.depth, _DEEPEST_QUOTE) + text)
        self.line = []

    def blank_line(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append("")

    def finished(self) -> str:
        self.anchor("", closing=True)
        self.end_line()
        return _MANY_BLANKS.sub("\n\n", "\n".join(line.rstrip() for line in self.lines)).strip()

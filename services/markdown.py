"""Text that people wrote in Markdown, as HTML that can do no harm.

HTML of theirs is only words. Pictures are left as words, too: nothing is loaded from elsewhere. What comes out is
cleaned once more: the tags listed here, and links that lead to the web and to mail programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from domain.mail_html import text_of_html

ALLOWED: Final = frozenset(
    {"a", "blockquote", "br", "code", "em", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"}
    | {"table", "tbody", "td", "th", "thead", "tr"}
)
_ATTRIBUTES: Final = {"a": {"href"}, "ol": {"start"}}
_SCHEMES: Final = {"http", "https", "mailto"}
_REL: Final = "nofollow noopener noreferrer"
_OUTERMOST_HEADING: Final = 4  # below the headings of the page
# A long ticket is its Markdown: of 500 messages three quarters of the page's time. What was read is kept for the next
# who reads it, as long as it is not long: at most some 30 MB in all.
TEXTS_KEPT: Final = 2_048
LONGEST_KEPT: Final = 4_000


def _leads_out(url: str) -> bool:
    """Whether an address says itself how it is opened: one that begins with // or / would lead anywhere."""
    try:
        return urlsplit(url.strip()).scheme.lower() in _SCHEMES
    except ValueError:
        return False


def _reader() -> MarkdownIt:
    reader = MarkdownIt("js-default", {"html": False, "breaks": True}).disable(["image"])
    reader.validateLink = _leads_out  # type: ignore[method-assign]
    return reader


_READER: Final = _reader()


def markdown(text: str) -> Markup:
    """The text as safe HTML. Headings begin at the fourth level; links say that we do not vouch for them."""
    return kept_html(text) if len(text) <= LONGEST_KEPT else _html(text)


def _html(text: str) -> Markup:
    tokens = _READER.parse(text)
    _lower_headings(tokens)
    html = _READER.renderer.render(tokens, _READER.options, {})
    return Markup(  # noqa: S704  cleaned here and now
        nh3.clean(html, tags=set(ALLOWED), attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=_REL)
    )


kept_html = lru_cache(TEXTS_KEPT)(_html)


def readable(text: str) -> str:
    """The text as it is read without markup: links with their address, lists and quotes as in a mail."""
    return text_of_html(markdown(text)).strip()


def _lower_headings(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + _OUTERMOST_HEADING - 1)}"

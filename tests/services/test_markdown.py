"""Markdown of people: shown as it is meant, and harmless whatever it holds."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.markdown import ALLOWED, markdown


class Tags(HTMLParser):
    """Collects the tags of a piece of HTML with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_in(text: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Tags()
    reader.feed(str(markdown(text)))
    return reader.found


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and *leaning*", "<p><strong>bold</strong> and <em>leaning</em></p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("# Title", "<h4>Title</h4>\n"),
        ("###### Deep", "<h6>Deep</h6>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("```python onclick=x\na < b\n```", "<pre><code>a &lt; b\n</code></pre>\n"),
        (
            "[us](https://a.example)",
            '<p><a href="https://a.example" rel="nofollow noopener noreferrer">us</a></p>\n',
        ),
        (
            "<https://a.example/x>",
            '<p><a href="https://a.example/x" rel="nofollow noopener noreferrer">https://a.example/x</a></p>\n',
        ),
    ],
)
def test_markdown_is_shown_as_it_is_meant(text: str, html: str) -> None:
    assert str(markdown(text)) == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b style='color:red'>x</b>",
        "![picture](https://tracker.example/x.png)",
        "![picture][1]\n\n[1]: https://tracker.example/x.png",
        "<iframe src=https://a.example></iframe>",
    ],
)
def test_html_and_pictures_are_only_words(text: str) -> None:
    assert {tag for tag, _ in tags_in(text)} <= {"p", "a"}
    assert "<img" not in str(markdown(text))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//a.example",
    ],
)
def test_links_lead_to_the_web_and_to_mail_only(url: str) -> None:
    assert "a" not in {tag for tag, _ in tags_in(f"[click]({url})")}


def test_a_table_has_no_inline_style() -> None:
    assert all(not attributes for _, attributes in tags_in("|a|b|\n|:-|-:|\n|1|2|"))


PIECES = st.sampled_from(
    [
        *"<>![]()`#|-:\"'\\a\n\u202e",
        *("\n\n", "* ", "> ", "&lt;", "script", " onload=x ", "javascript:", "https://a.example", "data:"),
        *("<img src=x>", "style=", "<!--"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_whatever_is_written_only_listed_tags_and_safe_links_come_out(text: str) -> None:
    for tag, attributes in tags_in(text):
        assert tag in ALLOWED
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else {"start"} if tag == "ol" else set())
        if tag == "a":
            assert (attributes["href"] or "").lower().startswith(("http:", "https:", "mailto:"))

"""The text of an HTML mail."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail_html import text_of_html


def test_paragraphs_and_breaks_become_lines() -> None:
    assert text_of_html("<p>Dear  team,</p><p>it rings<br>once.</p>") == "Dear team,\n\nit rings\nonce."


def test_scripts_styles_and_comments_are_left_out() -> None:
    page = "<head><title>T</title><style>p{}</style></head><script>steal()</script><!-- <p>no</p> --><p>Yes</p>"
    assert text_of_html(page) == "Yes"


def test_pictures_from_elsewhere_leave_only_their_words() -> None:
    text = text_of_html('<p>Look:<img src="https://tracker.example/1.gif" alt="a cat"></p>')
    assert text == "Look:a cat"


def test_a_link_keeps_its_address() -> None:
    link, address = (
        '<a href="https://docs.example/a?b=1&amp;c=2">the page</a>',
        '<a href="mailto:a@b.example">a@b.example</a>',
    )
    assert text_of_html(f"{link}, {address}") == "the page <https://docs.example/a?b=1&c=2>, a@b.example"


def test_a_link_that_runs_a_script_loses_its_address() -> None:
    assert text_of_html('<a href="javascript:alert(1)">here</a>') == "here"


def test_quotes_get_the_mark_of_quotes() -> None:
    page = "Yes<blockquote>Did you?<blockquote>No</blockquote></blockquote>"
    assert text_of_html(page).splitlines() == ["Yes", "", "> Did you?", "", "> > No"]


def test_lists_and_cells_stay_apart() -> None:
    assert text_of_html("<ul><li>one</li><li>two</li></ul>") == "- one\n- two"
    assert text_of_html("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>") == "a b\nc"


def test_characters_by_name_and_lonely_brackets_are_read() -> None:
    assert text_of_html("1 &lt; 2 &amp; 3 < 4 &euro;") == "1 < 2 & 3 < 4 €"


def test_preformatted_lines_keep_their_spaces() -> None:
    assert text_of_html("<pre>a\n  b</pre>") == "a\n  b"


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<script>", "<blockquote>", "&", "<![CDATA[", "</", "<p title='"])
def test_a_page_made_to_be_slow_is_read_fast(piece: str) -> None:
    begun = time.monotonic()
    assert isinstance(text_of_html(piece * 100_000), str)
    assert time.monotonic() - begun < 5


PIECES = ("<p>", "</p>", "<", ">", "&lt;", "<a href=x>", "<pre>", "text", "<!--", "-->", "<br/>", "<script>", "\0")


@given(st.lists(st.sampled_from(PIECES)))
def test_no_tag_stays_in_the_text(pieces: list[str]) -> None:
    text = text_of_html("".join(pieces))
    assert not {"<p>", "</p>", "<pre>", "<br/>"} & set(text.split())
    assert text == text.strip()

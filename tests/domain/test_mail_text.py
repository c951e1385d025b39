"""Words out of bytes, whatever charset they claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail_text import clean, decode, one_line


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße".encode("cp1252"), "iso-8859-1", "Grüße"),
        ("“quoted”".encode("cp1252"), "iso-8859-1", "“quoted”"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode("cp1252"), "utf-8", "Grüße"),
        ("привет".encode("koi8-r"), "KOI8-R", "привет"),
        ("你好".encode("gb18030"), "gb2312", "你好"),
        ("こんにちは".encode("iso-2022-jp"), "iso-2022-jp", "こんにちは"),
        ("Grüße".encode(), "x-made-up", "Grüße"),
        (b"616263", "hex", "616263"),
        (b"abc", "idna", "abc"),
        (b"abc", "undefined", "abc"),
        ("abc".encode("utf-16"), "utf-16", "abc"),
    ],
)
def test_text_is_read_by_its_charset_and_otherwise_by_the_likeliest(content, charset, text):
    assert decode(content, charset) == text


@given(
    st.binary(), st.one_of(st.none(), st.text(), st.sampled_from(["utf-16", "utf-7", "hex", "zlib", "cp1252", "big5"]))
)
def test_any_bytes_in_any_charset_are_text(content, charset):
    assert isinstance(decode(content, charset), str)


@given(st.text(alphabet=st.characters()))
def test_what_is_kept_is_taken_by_every_database(text):
    kept = clean(text)
    assert "\0" not in kept
    assert kept.encode().decode() == kept


@given(st.text(alphabet=st.characters()), st.integers(1, 50))
def test_one_line_is_one_line_of_that_length(text, longest):
    line = one_line(text, longest)
    assert len(line) <= longest
    assert "\n" not in line

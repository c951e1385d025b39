"""Names of files that somebody sent: readable, and harmless wherever they are shown or saved."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.file_names import LONGEST_NAME, clean_file_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("trace.pdf", "trace.pdf"),
        ("Screenshot 2026-11-30 at 10.02.11.png", "Screenshot 2026-11-30 at 10.02.11.png"),
        ("C:\\Users\\mia\\Desktop\\trace.pdf", "trace.pdf"),
        ("../../etc/passwd", "passwd"),
        ("Ünïcödé Straße.txt", "Ünïcödé Straße.txt"),
        ("فاتورة.pdf", "فاتورة.pdf"),
        ("two\r\nSet-Cookie: a=b.txt", "twoSet-Cookie a=b.txt"),
        ("annexe\u202egpj.exe", "annexegpj.exe"),
        ('quote".txt', "quote.txt"),
        ("ends.in.dots...", "ends.in.dots"),
        (" .hidden", "hidden"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.txt", "console.txt"),
        ("", "file"),
        ("\0", "file"),
        ("...", "file"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_harmless(sent, kept):
    assert clean_file_name(sent) == kept


def test_a_long_name_is_shortened_before_its_extension():
    name = clean_file_name("a" * 500 + ".pdf")
    assert (len(name), name[-5:]) == (LONGEST_NAME, "a.pdf")


@given(st.text(max_size=400))
def test_whatever_was_sent_ends_in_a_name_that_is_clean_already(sent):
    name = clean_file_name(sent)
    assert 1 <= len(name) <= LONGEST_NAME + 1
    assert not set(name) & set('<>:"/\\|?*')
    assert all(unicodedata.category(each)[0] != "C" for each in name)
    assert name == name.strip(". ")
    assert clean_file_name(name) == name

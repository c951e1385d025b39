"""Splitting texts into words, alike for what is kept and for what is looked for."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.search_words import LONGEST_WORD, MOST_WORDS, Wanted, read_words, words_of


def test_words_are_runs_of_letters_and_digits_each_once_and_sorted():
    text = "Phones, phones - and phones! Since 9:30_am (it's urgent)."
    assert words_of(text, "IT") == ["30", "9", "am", "and", "it", "phones", "s", "since", "urgent"]


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("BÜRO", "buro"),
        ("Bu\u0308ro", "buro"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("déjà", "deja"),
        ("Señor", "senor"),
        ("Đorđe", "dorde"),
        ("ŽIVČANI", "zivcani"),
        ("Smørrebrød", "smorrebrod"),
        ("Œuvre", "oeuvre"),
        ("ﬁnal", "final"),
        ("Ｆａｘ", "fax"),
        ("Звонок", "звонок"),
        ("Ἀθῆναι", "αθηναι"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_case_and_marks_do_not_count(written, word):
    assert words_of(written) == [word]


def test_a_number_also_counts_without_its_zeros():
    assert words_of("T-2026-000042 and 000") == ["0", "000", "000042", "2026", "42", "and", "t"]


def test_of_a_run_of_chinese_each_two_neighbours_are_a_word_and_so_is_the_last_character():
    assert words_of("SIP电话没声") == ["sip", "声", "没声", "电话", "话没"]
    assert [str(each) for each in read_words("话没声")[0]] == ["话没", "没声"]
    assert read_words("声") == ([Wanted("声", begins=True)], [])


@pytest.mark.parametrize("text", ["\0", "😀", "\ud83d", "''\"\"*:&|!()<->", "   ", "___", "–—"])
def test_what_holds_no_letter_and_no_digit_holds_no_word(text):
    assert words_of(text) == []
    assert read_words(text) == ([], text.split())


def test_a_typed_word_is_a_beginning_from_three_characters_on():
    assert read_words("inv IP a") == ([Wanted("inv", begins=True), Wanted("ip", begins=False)], ["a"])


def test_of_a_typed_word_with_signs_the_parts_are_looked_for():
    assert read_words("T-1001 x@acme.example") == (
        [Wanted(word, begins=True) for word in ("1001", "acme", "example")],
        [],
    )


def test_a_long_word_is_cut_alike_on_both_sides():
    long = "x" * 200
    assert [each.word for each in read_words(long)[0]] == words_of(long) == ["x" * LONGEST_WORD]


def test_at_most_eight_words_are_looked_for_and_each_once():
    assert len(read_words(" ".join(f"word{number}" for number in range(30)))[0]) == MOST_WORDS
    assert len(read_words("phone PHONE phône")[0]) == 1


@given(st.text(max_size=200))
def test_whatever_is_written_its_words_are_short_plain_letters_and_digits_and_stay_themselves(text):
    words = words_of(text)
    assert all(word.isalnum() and len(word) <= LONGEST_WORD for word in words)
    assert all(unicodedata.category(letter)[0] in "LN" for word in words for letter in word)
    assert set(words) <= set(words_of(" ".join(words)))


@given(st.text(min_size=1, max_size=30))
def test_whatever_is_typed_is_found_in_a_text_that_holds_it(text):
    kept = words_of(f"before {text} after")
    for wanted in read_words(text)[0]:
        assert any(word.startswith(wanted.word) if wanted.begins else word == wanted.word for word in kept)

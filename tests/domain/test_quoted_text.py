"""What is new in an answer, and what is quoted: marks of many mail programs in many languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quoted_text import part_quoted

QUOTE = "\n> Have you tried to restart it?\n> Support\n"

ATTRIBUTIONS = (
    "On Mon, 3 Mar 2025 at 10:12, Support <support@provider.example> wrote:",
    "On 3 Mar 2025, at 10:12, Support <support@provider.example> wrote:",
    "On Monday, March 3rd, 2025 at 10:12, Support\n<reply+abc@provider.example> wrote:",
    "Am 03.03.2025 um 10:12 schrieb Support:",
    "Am Mo., 3. März 2025 um 10:12 Uhr schrieb Support <\nsupport@provider.example>:",
    "Le lun. 3 mars 2025 à 10:12, Support <support@provider.example> a écrit :",
    "Le lun. 3 mars 2025 à 10:12, Support\n<support@provider.example> a écrit\u00a0:",
    "El lun, 3 mar 2025 a las 10:12, Support (<support@provider.example>) escribió:",
    "Il giorno lun 3 mar 2025 alle ore 10:12 Support <support@provider.example> ha scritto:",
    "Em seg., 3 de mar. de 2025 às 10:12, Support <support@provider.example> escreveu:",
    "Op ma 3 mrt 2025 om 10:12 schreef Support <support@provider.example>:",
    "Den mån 3 mars 2025 kl 10:12 skrev Support <support@provider.example>:",
    "W dniu 3.03.2025 o 10:12, Support pisze:",
    "Dana 3. 3. 2025. u 10:12 Support je napisao/la:",
    "2025-03-03 10:12 GMT+01:00 Support <support@provider.example> wrote:",
)

SEPARATORS = (
    "-----Original Message-----\nFrom: Support\nSent: Monday\n",
    "-----Ursprüngliche Nachricht-----\nVon: Support\n",
    "----- Message d'origine -----\nDe : Support\n",
    "-----Mensaje original-----\nDe: Support\n",
    "________________________________\nFrom: Support <s@p.example>\nSent: Monday, 3 March\nTo: Ann\nSubject: Re: It\n",
    "________________________________\nVon: Support\nGesendet: Montag\nAn: Ann\nBetreff: AW: Es\n",
    "De : Support\nEnvoyé : lundi\nÀ : Ann\nObjet : Re: Ça\n",
    "De: Support\nEnviado el: lunes\nPara: Ann\nAsunto: RE: Eso\n",
    "*From:* Support\n*Sent:* Monday\n*To:* Ann\n*Subject:* Re: It\n",
)


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_what_stands_below_an_attribution_is_quoted(attribution: str) -> None:
    parted = part_quoted(f"Yes, twice.\n\n{attribution}\n{QUOTE}")
    assert parted.new == "Yes, twice."
    assert parted.quoted.startswith(attribution)


@pytest.mark.parametrize("separator", SEPARATORS)
def test_what_stands_below_a_separator_is_quoted(separator: str) -> None:
    parted = part_quoted(f"Yes, twice.\n\n{separator}\nHave you tried to restart it?\n")
    assert parted.new == "Yes, twice."
    assert parted.quoted.startswith(separator.splitlines()[0])


def test_a_quoted_block_at_the_end_is_quoted_without_any_words_above_it() -> None:
    assert part_quoted(f"Yes, twice.\n{QUOTE}").new == "Yes, twice."


def test_answers_between_quoted_lines_are_all_new() -> None:
    text = f"{ATTRIBUTIONS[0]}\n> Which version?\n\n6.2\n\n> Since when?\n\nMonday"
    parted = part_quoted(text)
    assert parted.new == text
    assert parted.quoted == ""


def test_an_answer_below_the_quote_is_new() -> None:
    parted = part_quoted(f"{ATTRIBUTIONS[0]}\n{QUOTE}\nYes, twice.\n\n-- \nAnn\n")
    assert parted.new == "Yes, twice."
    assert "restart" in parted.quoted
    assert "Ann" in parted.quoted


def test_the_signature_is_folded_with_the_quote() -> None:
    parted = part_quoted(f"Yes, twice.\n\n-- \nAnn Miller\nAcme\n\n{ATTRIBUTIONS[0]}\n{QUOTE}")
    assert parted.new == "Yes, twice."
    assert parted.quoted.startswith("-- \nAnn Miller")


@pytest.mark.parametrize("words", ["Sent from my iPhone", "Von meinem iPhone gesendet", "Envoyé de mon iPhone"])
def test_the_words_of_a_telephone_are_folded(words: str) -> None:
    assert part_quoted(f"Yes, twice.\n\n{words}\n").new == "Yes, twice."


@pytest.mark.parametrize(
    "text",
    [
        "My colleague wrote:\nplease help",
        "From: the beginning it never rang.\nThank you",
        "On the telephone they said:\nwait",
        "We sell > 100 phones\n> is what he said\nand that is it",
        "---\nA rule is no signature of many lines" + "\nmore" * 20,
    ],
)
def test_sentences_that_only_look_like_marks_stay(text: str) -> None:
    assert part_quoted(text).new == text


def test_a_forwarded_mail_without_a_word_of_its_own_is_new() -> None:
    text = (
        "---------- Forwarded message ---------\nFrom: Bob <bob@b.example>\nDate: Monday\nSubject: It\n\nIt is broken."
    )
    assert part_quoted(text).new == text


def test_words_above_a_forwarded_mail_are_new_and_the_mail_is_quoted() -> None:
    parted = part_quoted("See below.\n\n---------- Forwarded message ---------\nFrom: Bob\n\nIt is broken.")
    assert parted.new == "See below."
    assert parted.quoted.endswith("It is broken.")


@given(
    st.lists(st.sampled_from([*ATTRIBUTIONS, *SEPARATORS, "> quoted", "written", "", "-- ", "-->", "Sent from my x"]))
)
def test_no_line_is_ever_lost(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    parted = part_quoted(text)
    kept = sorted(line.strip() for line in f"{parted.new}\n{parted.quoted}".splitlines() if line.strip())
    assert kept == sorted(line.strip() for line in text.splitlines() if line.strip())


@given(st.text())
def test_any_text_is_parted(text: str) -> None:
    parted = part_quoted(text)
    assert bool(parted.new.strip()) == bool(text.strip())

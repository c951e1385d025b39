"""Files that are not what they should be: each is refused in plain words, with its place, and leaves nothing behind."""

from __future__ import annotations

import codecs
import datetime as dt

import pytest
from sqlalchemy.orm import Session

from services.imports import ImportRefused
from tests.services.imports.files import bring_in, changed, lines_of, look_at, places_of, problems_of, sample

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
HEADER = lines_of("telco")[0]
ROW = lines_of("telco")[1]


def test_an_empty_file_is_told_which_columns_it_needs(session: Session) -> None:
    [(line, _column, message)] = problems_of("telco", b"", NOW)
    assert line == 1
    assert message.startswith("the file is empty")
    assert "customerID" in message


def test_a_header_without_rows_brings_nothing(session: Session) -> None:
    assert bring_in("telco", HEADER + "\n", NOW).rows == 0


def test_a_missing_column_is_named(session: Session) -> None:
    assert problems_of("telco", HEADER.replace(",Churn", "") + "\n", NOW) == [(1, "Churn", "this column is missing.")]


def test_an_unknown_column_is_named_together_with_the_one_it_should_be(session: Session) -> None:
    found = problems_of("telco", HEADER.replace("Churn", "Left"), NOW)
    assert [(line, column) for line, column, _ in found] == [(1, "Left"), (1, "Churn"), (1, "")]
    assert found[-1][2].endswith("TotalCharges, Churn.")


def test_a_column_that_stands_twice_is_named(session: Session) -> None:
    assert places_of("telco", HEADER + ",Churn\n", NOW) == [(1, "Churn")]


def test_semicolons_instead_of_commas_are_recognised(session: Session) -> None:
    [(line, _column, message)] = problems_of("telco", HEADER.replace(",", ";"), NOW)
    assert line == 1
    assert "commas" in message


def test_a_file_of_another_kind_is_refused_by_its_header(session: Session) -> None:
    assert (1, "customerID") in places_of("telco", sample("accounts"), NOW)


def test_a_spreadsheet_is_no_csv(session: Session) -> None:
    [(line, _column, message)] = problems_of("telco", b"PK\x03\x04\x14\x00\x06\x00\xff\xfe\x00\x00!\x00", NOW)
    assert line == 1
    assert "UTF-8" in message


def test_a_file_in_utf_16_is_told_how_to_be_saved(session: Session) -> None:
    [(_line, _column, message)] = problems_of("telco", (HEADER + "\n").encode("utf-16"), NOW)
    assert "CSV UTF-8" in message


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + sample("telco"),
        sample("telco").replace(b"\n", b"\r\n"),
        sample("telco").replace(b"\n", b"\r"),
        sample("telco").replace(b"\n", b"\n\n"),
        sample("telco").rstrip(b"\n"),
    ],
    ids=["byte order mark", "CRLF", "CR", "empty lines", "no last line end"],
)
def test_what_programs_do_to_line_ends_and_beginnings_does_no_harm(session: Session, content: bytes) -> None:
    assert look_at("telco", content, NOW).new == 9


def test_columns_may_stand_in_any_order(session: Session) -> None:
    turned = "\n".join(",".join(reversed(line.split(","))) for line in lines_of("telco"))
    assert look_at("telco", turned, NOW).new == 9


def test_latin_1_is_told_by_line_and_column(session: Session) -> None:
    content = changed("telco", 3, "5575-GNVDE", "Café").encode("latin-1")
    [(line, column, message)] = problems_of("telco", content, NOW)
    assert (line, column) == (3, "customerID")
    assert "UTF-8" in message


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x85"], ids=["NUL", "escape", "next line"])
def test_a_character_that_cannot_be_seen_is_told_by_line_and_column(session: Session, character: str) -> None:
    assert places_of("telco", changed("telco", 4, "3668-QPYBK", f"36{character}68"), NOW) == [(4, "customerID")]


def test_a_row_that_is_too_short_is_told_by_the_first_cell_it_lacks(session: Session) -> None:
    assert places_of("telco", changed("telco", 2, ",29.85,29.85,No", ",29.85"), NOW) == [(2, "TotalCharges")]


def test_a_row_that_is_too_long_is_told_by_the_place_behind_the_header(session: Session) -> None:
    [(line, column, message)] = problems_of("telco", changed("telco", 2, ROW, ROW + ",more"), NOW)
    assert (line, column) == (2, "22")
    assert "22 cells" in message


def test_a_quotation_mark_that_is_never_closed_is_told_by_its_line(session: Session) -> None:
    assert places_of("telco", changed("telco", 5, "7795", '"7795'), NOW) == [(5, "")]


def test_a_line_is_counted_as_an_editor_counts_it(session: Session) -> None:
    content = changed("telco", 2, "7590-VHVEG", '"7590\nVHVEG"').replace(
        "Month-to-month,Yes,Mailed", "Weekly,Yes,Mailed"
    )
    assert places_of("telco", content, NOW) == [(2, "customerID"), (5, "Contract")]


def test_every_broken_row_is_told_not_only_the_first(session: Session) -> None:
    lines = [HEADER, *(ROW.replace("7590", str(number)).replace("29.85,29.85", "-1,x") for number in range(1200))]
    problems = problems_of("telco", "\n".join(lines), NOW)
    assert len(problems) == 2400
    assert problems[0][:2] == (2, "MonthlyCharges")
    assert problems[-1][:2] == (1201, "TotalCharges")


def test_the_refusal_reads_as_a_list_with_a_line_each(session: Session) -> None:
    with pytest.raises(ImportRefused) as caught:
        look_at("telco", changed("telco", 4, "53.85,108.15", "53.85,abc"), NOW)
    assert caught.value.message == (
        "One problem was found, and nothing was imported. Correct the file and import it again.\n"
        "  Line 4, column TotalCharges: “abc” does not fit. Enter an amount in USD like 12.50."
    )

"""What stands in braces in ready answers: known names are filled in once, unknown ones refused, other braces left alone."""

from __future__ import annotations

import pytest

from domain.ready_answers import VARIABLES, VariableUnknown, check_variables, fill_in

VALUES = {"customer": "Mia Stone", "ticket number": "T-1", "agent": "Ann Lee"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Dear {customer}, {ticket number}. {agent}", "Dear Mia Stone, T-1. Ann Lee"),
        ("{ Customer } {TICKET NUMBER}", "Mia Stone T-1"),
        ("{name} {number}", "Mia Stone T-1"),  # what answers were written with before
        ('{"a": 1} {} {{agent}}', '{"a": 1} {} {Ann Lee}'),
        ("{unknown}", "{unknown}"),
    ],
)
def test_known_names_are_filled_in_and_everything_else_stays(text: str, filled: str) -> None:
    assert fill_in(text, VALUES) == filled


def test_a_value_is_neither_read_again_nor_markdown() -> None:
    values = {**VALUES, "customer": "{agent}\n[Pay](https://evil.example) *now* <b>`x`"}
    assert fill_in("Dear {customer},", values) == "Dear {agent} Pay(https://evil.example) now bx,"


@pytest.mark.parametrize("text", ["Dear {customer}", '{"a": 1}', "{0}", "{}", "no braces", "{ticket  number}"])
def test_texts_with_known_names_and_other_braces_are_fine(text: str) -> None:
    assert check_variables(text) == text


@pytest.mark.parametrize("name", ["custmer", "password", "ticket_number"])
def test_an_unknown_name_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(VariableUnknown) as refused:
        check_variables(f"Dear {{{name}}},")
    assert f"There is no {{{name}}}" in refused.value.message
    assert all(f"{{{each}}}" in refused.value.message for each in VARIABLES)
    assert refused.value.fields.keys() == {"body"}

"""Setting documents: any script, many pages with what is carried over, and a child that may die."""

from __future__ import annotations

import pytest

from integrations.pdf import NotTypeset, Typesetter
from tests.support.pdf import text_of


@pytest.fixture(scope="module")
def typesetter():
    found = Typesetter(renewed_after=3)
    yield found
    found.close()


def paper(*, lines=2, **values):
    rows = [
        {"what": f"Line {place}", "why": "", "cells": ["1", "1.00", "19 %", "1.00"], "running": f"{place}.00"}
        for place in range(1, lines + 1)
    ]
    return {
        "brand": "House",
        "accent": "#1f5fbf",
        "title": "Invoice",
        "number": "INV-1",
        "date": [2026, 5, 15],
        "language": "en",
        "right_to_left": False,
        "words": {"page": "Page {page} of {pages}", "carried": "Carried over", "to_carry": "To carry over"},
        "seller": ["House"],
        "sender": "House",
        "buyer": ["Acme"],
        "footer": "House",
        "facts": [],
        "columns": ["Description", "Quantity", "Unit price", "Tax", "Net"],
        "running": True,
        "rows": rows,
        "totals": [{"label": "Total", "value": f"{lines}.00", "strong": True}],
        "notes": [],
        **values,
    }


@pytest.mark.parametrize(
    "name",
    [
        "Ελληνική Εταιρεία",
        "Россия Телеком",
        "Žižkovská Łódź",
        "חברה ישראלית",
        "شركة عربية للهاتف",
        "Müller & <Söhne> #1 $x",
    ],
)
def test_names_of_every_script_stand_on_the_paper(typesetter, name):
    assert name in text_of(typesetter.typeset("paper.typ", paper(buyer=[name])))


def test_twenty_pages_carry_their_totals_and_are_numbered(typesetter):
    pages = text_of(typesetter.typeset("paper.typ", paper(lines=800)), "-layout").split("\f")[:-1]
    assert len(pages) >= 20
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        rows = [int(line.split()[2]) for line in page.splitlines() if line.split()[1:2] == ["Line"]]
        carried = [line.split()[-1] for line in page.splitlines() if "Carried over" in line]
        to_carry = [line.split()[-1] for line in page.splitlines() if "To carry over" in line]
        assert carried == ([] if number == 1 else [f"{rows[0] - 1}.00"])
        assert to_carry == ([] if number == len(pages) else [f"{rows[-1]}.00"])


def test_one_page_carries_nothing_over(typesetter):
    text = text_of(typesetter.typeset("paper.typ", paper()))
    assert "Page 1 of 1" in text
    assert "arried over" not in text
    assert "carry over" not in text


def test_what_cannot_be_set_is_said_and_the_next_one_is_set(typesetter):
    with pytest.raises(NotTypeset):
        typesetter.typeset("paper.typ", {"title": "no data"})
    assert typesetter.typeset("paper.typ", paper()).startswith(b"%PDF")


def test_a_child_that_was_killed_is_replaced(typesetter):
    typesetter.typeset("paper.typ", paper())
    if typesetter._child is not None:
        typesetter._child.kill()
        typesetter._child.wait()
    assert typesetter.typeset("paper.typ", paper()).startswith(b"%PDF")


def test_the_child_is_renewed_before_it_grows(typesetter):
    seen = set()
    for _time in range(7):
        typesetter.typeset("paper.typ", paper())
        seen.add(typesetter._child.pid if typesetter._child else None)
    assert len(seen) > 2

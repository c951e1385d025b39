"""docs/importing.md says of every file what the program expects of it."""

from __future__ import annotations

import pytest

from services.imports import KINDS
from services.imports.columns import table_of
from tests.services.imports.files import ROOT, lines_of

DESCRIPTION = (ROOT / "docs" / "importing.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_description_lists_the_columns_of_the_program(kind: str) -> None:
    assert f"\n## {kind}\n" in DESCRIPTION
    assert table_of(KINDS[kind].columns) in DESCRIPTION


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_has_only_columns_of_the_program_and_all_that_are_needed(kind: str) -> None:
    header = lines_of(kind)[0].split(",")
    assert set(header) <= {column.name for column in KINDS[kind].columns}
    assert {column.name for column in KINDS[kind].columns if column.filled} <= set(header)

"""Which columns a list shows: those its address names, those its visitor keeps, or the usual ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from panel.filtering import Address
from panel.hooks import Layout
from panel.resource import Column

if TYPE_CHECKING:
    from panel.mounted import Mounted

COLUMNS: Final = "columns"
"""The parameter of an address that names columns, with commas between: a list that is passed on keeps its columns."""


def choosable(mounted: Mounted) -> list[tuple[Column, str]]:
    """The columns that a list may show, with their labels: its own, and those of a record's page.

    Where that page withholds columns of some rows, the list shows none of them.
    """
    further = mounted.resource.withheld is None
    return [(column, label) for column, _, label in mounted.columns if column.list or (further and column.details)]


def usual_columns(mounted: Mounted) -> tuple[str, ...]:
    """Those of a list of which nobody chose any."""
    return tuple(column.name for column, _, _ in mounted.columns if column.list)


def fit(mounted: Mounted, wanted: Sequence[str]) -> tuple[str, ...]:
    """The wanted columns that there are, in the list's order and with what opens a row; () for the usual ones."""
    offered = choosable(mounted)
    chosen = tuple(column.name for column, _ in offered if column.name in wanted or column.link)
    if not any(column.name in wanted for column, _ in offered) or chosen == usual_columns(mounted):
        return ()
    return chosen


def shown_columns(mounted: Mounted, layout: Layout, asked: Address) -> tuple[str, ...]:
    """The columns of a list: those its address names, else those its visitor keeps; () for the usual ones."""
    named = asked_columns(mounted, asked)
    return fit(mounted, layout.columns) if named is None else named


def asked_columns(mounted: Mounted, asked: Address) -> tuple[str, ...] | None:
    """The columns an address names; None where it names none."""
    if COLUMNS not in asked:
        return None
    return fit(mounted, asked.get(COLUMNS, "").split(","))

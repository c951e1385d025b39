"""What our templates use beyond Flask's own: the addresses of styles and scripts, a fast way to fill a table row."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from markupsafe import Markup, escape

from views.assets import install_assets


def fill_row(shape: Markup, cells: Sequence[str]) -> Markup:
    """Put cells into a row's markup, at each ``%s``; whatever is no markup yet is escaped.

    Markup's own ``%`` does the same and wraps every cell to do it: four times slower, and half the cost of a list page.
    """
    safe = tuple(cell if isinstance(cell, Markup) else escape(cell) for cell in cells)
    return Markup(str.__mod__(shape, safe))  # noqa: S704  shape and every cell are markup here


def install_look(app: Flask) -> None:
    """Serve what pages load and give the template environment ``asset`` and ``fill_row``."""
    install_assets(app)
    app.jinja_env.filters["fill_row"] = fill_row

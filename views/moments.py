"""A moment as lists and pages show it."""

from __future__ import annotations

import datetime as dt

from panel import Visit
from panel.kinds import date_text


def moment_text(visit: Visit, moment: dt.datetime) -> str:
    """In the reader's language and time zone."""
    here = moment.astimezone(visit.time_zone)
    return f"{date_text(here.date(), visit.locale)}, {here:%H:%M}"

"""Quiet hours: the part of somebody's day in which mails wait, unless they must not."""

from __future__ import annotations

import datetime as dt


def end_of_quiet(
    moment: dt.datetime, start: dt.time | None, end: dt.time | None, zone: dt.tzinfo
) -> dt.datetime | None:
    """When the quiet that holds at this moment ends (in UTC); None when none holds.

    The hours are those of the person's own clock and may run over midnight. Equal ends, or one alone, mean no quiet. On
    the night the clocks change the end is that time on the wall, as the person would read it.
    """
    if start is None or end is None or start == end:
        return None
    local = moment.astimezone(zone)
    clock = local.time()
    over_midnight = end < start
    if over_midnight:
        if end <= clock < start:
            return None
        day = local.date() + dt.timedelta(days=1) if clock >= start else local.date()
    else:
        if not start <= clock < end:
            return None
        day = local.date()
    return dt.datetime.combine(day, end, tzinfo=zone).astimezone(dt.UTC)

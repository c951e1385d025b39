"""A runner whose clock moves a day at a time: ``python -m tests.support.renewing_program FIRST LAST FILE``.

It does what the clock does with subscriptions, day by day, and keeps in the file which day comes next, so that one that
was killed goes on where it was. Two of them may be at different days: clocks jump.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from app import create_app
from tests.support.subscribing import ONE_DAY, live_a_day


def main(first: str, last: str, file: Path) -> None:
    day = dt.date.fromisoformat(file.read_text() if file.exists() else first)
    app = create_app()
    with app.app_context():
        while day <= dt.date.fromisoformat(last):
            live_a_day(dt.datetime.combine(day, dt.time(3), dt.UTC))
            day += ONE_DAY
            written = file.with_suffix(".new")
            written.write_text(day.isoformat())
            written.replace(file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

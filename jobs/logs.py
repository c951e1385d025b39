"""Where the lines of jobs go when nobody configured anything: to the console, with the time in UTC."""

from __future__ import annotations

import logging
import sys
import time


def log_to_the_console(level: str) -> None:
    """Write the program's own lines to standard error, one for each job; those of libraries from warnings up."""
    own = logging.getLogger("foyer")
    own.setLevel(level)
    if own.handlers or logging.getLogger().handlers:
        return
    written = logging.StreamHandler(sys.stderr)
    form = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    form.converter = time.gmtime
    written.setFormatter(form)
    own.addHandler(written)
    own.propagate = False
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(form)
    libraries.setLevel(logging.WARNING)
    logging.getLogger("dramatiq").addHandler(libraries)

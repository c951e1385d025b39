"""One flask command in a process alone: ``python -m bench.commands_alone demo`` prints its seconds and megabytes."""

from __future__ import annotations

import json
import sys
import time

from flask.cli import FlaskGroup

from bench.export_alone import peak


def main(arguments: list[str]) -> None:
    """Run it and tell what it took, the start of the program included."""
    start = time.perf_counter()
    FlaskGroup().main(["--app", "app", *arguments], standalone_mode=False)
    print(json.dumps({"seconds": time.perf_counter() - start, "megabytes": peak() / 2**20}))


if __name__ == "__main__":
    main(sys.argv[1:])

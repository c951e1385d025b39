"""One export in a process alone: ``python -m bench.export_alone URL SLUG QUERY FILE`` prints its seconds and megabytes.

The process opens a list first, as a server that has been up for a while. What it holds then is the idle process; the
peak while the million rows stream through is what counts against it.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from pathlib import Path
from typing import IO

from bench.serving import Environ, Stand, stand_on

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def main(url: str, slug: str, query: str, file: Path) -> None:
    with stand_on(url) as stand:
        stand.generated.answer(stand.environ(f"/staff/{slug}/", "staff"))
        environ = stand.environ(f"/staff/{slug}/export.csv?{query}", "staff")
        gc.collect()
        forget_peak()
        idle = held()
        with file.open("wb") as target:
            start = time.perf_counter()
            stream(stand, environ, target)
            seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "megabytes": (peak() - idle) / 2**20}))


def stream(stand: Stand, environ: Environ, target: IO[bytes]) -> None:
    """Write the answer to a file piece by piece, as a server writes it to a socket."""
    body = stand.generated.open(environ)
    try:
        for piece in body:
            target.write(piece)
    finally:
        body.close()


def forget_peak() -> None:
    """Let Linux begin anew to note the most memory this process held at once."""
    if _CLEAR.exists():
        _CLEAR.write_text("5")


def held() -> int:
    """The memory held now; where the system does not tell it, the most held since the start."""
    return _kilobytes("VmRSS:") if _CLEAR.exists() else _most_since_the_start()


def peak() -> int:
    """The most memory held at once: on Linux since forget_peak, elsewhere since the start."""
    return _kilobytes("VmHWM:") if _CLEAR.exists() else _most_since_the_start()


def _kilobytes(label: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(label))
    return int(line.split()[1]) * 1024


def _most_since_the_start() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))

"""Real runners that a test starts and kills fifty times in a minute (see `tests/support/forked_program.py`).

runners = ForkedRunners(database.url, tmp_path, kinds="tests.support.impatient_deliveries", MAIL_SERVER="127.0.0.1")
runners.start(); runners.kill(); runners.start(); runners.stop(); runners.close()
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.runner_process import ROOT, RunnerProcess, wait_for


class ForkedRunners(RunnerProcess):
    """One runner at a time. ``deaths`` counts those that were killed while they lived."""

    def __init__(self, database_url: str, folder: Path, **options: Any) -> None:
        super().__init__(database_url, folder, **options)
        self.pid = 0
        self.deaths = 0
        command = [sys.executable, "-m", "tests.support.forked_program", *self.kinds]
        with self.log.open("ab") as out:
            self._mother = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
            )

    def start(self) -> None:
        """Start one, and wait until there is a process."""
        assert not self.lives(), "it runs already"
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write("\n")
        self._mother.stdin.flush()
        self.pid = int(self._mother.stdout.readline() or 0)
        assert self.pid, self.said()[-4000:]

    def lives(self) -> bool:
        return _lives(self.pid)

    def kill(self) -> None:
        """Kill it with SIGKILL, from any thread; it is gone when this comes back."""
        pid = self.pid  # another thread may start the next one as soon as this one is dead
        if _lives(pid):
            self.deaths += 1
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not _lives(pid), what="the end of a killed runner", patience=30)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Let it end by itself."""
        os.kill(self.pid, by)
        wait_for(lambda: not self.lives(), what="the end of a runner", patience=60)
        return 0

    def close(self) -> None:
        """Kill what still runs, and the program they are made from."""
        if self.lives():
            os.kill(self.pid, signal.SIGKILL)
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.close()
        self._mother.stdout.close()
        self._mother.wait(timeout=30)


def _lives(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

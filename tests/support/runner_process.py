"""A real `flask jobs` in a process of its own, to be killed and started again while a test watches.

    runner = RunnerProcess(database.url, tmp_path, kinds="tests.support.counting_jobs", MAIL_SERVER="127.0.0.1")
    kill_while(runner, times=50, after=lambda kill: number_of_mails() >= 18 * (kill + 1))
    runner.start(); wait_for(lambda: number_of_mails() >= 1000); runner.stop()

``kinds`` is a module of the tests that registers handlers; it is imported before the command runs (see
`tests/support/jobs_program.py`), so the program itself knows nothing of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 240.0  # seconds: tests may run on a machine that is busy


def wait_for(happened: Callable[[], bool], *, what: str = "what was waited for", patience: float = PATIENCE) -> None:
    """Look again and again until it happened; fail when it takes too long."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen in {patience:.0f} seconds"
        time.sleep(0.02)


class RunnerProcess:
    """`flask --app app jobs` with an environment of its own. What it said is kept in ``log`` over all starts."""

    def __init__(self, database_url: str, folder: Path, *, kinds: str = "", lease_seconds: int = 2, **settings: str):
        self.log = folder / "runner.log"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environ = {
            **kept,
            "FOYER_ENV": "test",
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": database_url,
            "JOBS_LEASE_SECONDS": str(lease_seconds),
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self.kinds = [kinds] if kinds else []
        self.process: subprocess.Popen[bytes] | None = None
        self.log.touch()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start it, without waiting until it runs."""
        assert self.process is None, "it runs already"
        command = [sys.executable, "-m", "tests.support.jobs_program", *self.kinds]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=out, stderr=subprocess.STDOUT)

    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Kill it with SIGKILL: it cannot tidy up anything."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Stop it as an operator does, and give its exit status."""
        assert self.process is not None, "it does not run"
        self.process.send_signal(by)
        status = self.process.wait(timeout=60)
        self.process = None
        return status


def kill_while(runner: RunnerProcess, *, times: int, after: Callable[[int], bool]) -> None:
    """Start the runner and kill it in the middle, so many times; ``after(n)`` says when kill number n (from 0) is due."""
    for number in range(times):
        runner.start()
        wait_for(lambda number=number: after(number) or not runner.lives(), what=f"kill {number}")
        assert runner.lives(), runner.said()[-4000:]
        runner.kill()

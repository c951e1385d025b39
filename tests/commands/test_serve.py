"""flask serve: one command from an empty folder to a page one can sign in to, and Ctrl-C back out."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 240  # seconds: a start loads the demo, and tests may run on a machine that is busy


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def status_of(address: str) -> int:
    """The HTTP status of a page; 0 while nobody answers."""
    try:
        with urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except (URLError, HTTPException, OSError) as error:
        return getattr(error, "code", 0)


@dataclass
class Started:
    process: subprocess.Popen[str]
    address: str
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while status_of(f"{self.address}/healthz") != 200:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.5)

    def stop(self, by: signal.Signals) -> int:
        self.process.send_signal(by)
        return self.process.wait(timeout=60)


def start(folder: Path, **settings: str) -> Started:
    """Start the program as make run does, in an environment of its own."""
    port, log = free_port(), folder / "said.txt"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environ = {**kept, "DATA_DIR": str(folder / "data"), "PORT": str(port), "PYTHONUNBUFFERED": "1", **settings}
    command = [sys.executable, "-m", "flask", "--app", "app", "serve"]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=out, stderr=subprocess.STDOUT, text=True)
    return Started(process, f"http://127.0.0.1:{port}", log)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A first start without any setting but the folder and the port."""
    started = start(tmp_path_factory.mktemp("serve"))
    try:
        started.wait_until_it_serves()
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def test_the_pages_of_the_door_are_served(demo: Started) -> None:
    assert status_of(f"{demo.address}/healthz") == 200
    assert status_of(f"{demo.address}/readyz") == 200
    assert status_of(f"{demo.address}/sign-in") == 200


def test_the_address_and_the_sign_ins_are_printed(demo: Started) -> None:
    said = demo.said()
    assert demo.address in said
    assert "Foyer-demo-1!" in said
    assert "admin@foyer.example" in said
    assert "owner@acme.example" in said


def test_the_sign_in_page_tells_no_password(demo: Started) -> None:
    with urlopen(f"{demo.address}/sign-in", timeout=10) as answer:
        assert "Foyer-demo-1!" not in answer.read().decode()


def test_mails_of_the_demo_can_be_read(demo: Started) -> None:
    with urlopen(f"{demo.address}/demo/mail", timeout=10) as answer:
        assert "inga@borealis.example" in answer.read().decode()


def test_jobs_run_beside_the_pages(demo: Started) -> None:
    deadline = time.monotonic() + PATIENCE
    while json.load(urlopen(f"{demo.address}/readyz", timeout=10))["jobs"] != "ok":
        assert time.monotonic() < deadline, demo.said()
        time.sleep(0.5)
    assert "takes jobs from the table" in demo.said()


def test_a_taken_port_is_named_with_what_to_do(demo: Started, tmp_path: Path) -> None:
    port = demo.address.rpartition(":")[2]
    second = start(tmp_path, PORT=port, FOYER_ENV="test")
    assert second.process.wait(timeout=PATIENCE) == 1
    assert f"Port {port} cannot be used" in second.said()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(tmp_path: Path, by: signal.Signals) -> None:
    started = start(tmp_path, FOYER_ENV="test")
    try:
        started.wait_until_it_serves()
        assert started.stop(by) == 0
        assert "Foyer has stopped." in started.said()
        assert "Traceback" not in started.said()
    finally:
        started.process.kill()
        started.process.wait()


def test_only_the_demo_is_filled_with_a_demo(tmp_path: Path) -> None:
    started = start(tmp_path, FOYER_ENV="test")
    try:
        started.wait_until_it_serves()
        assert "demo" not in started.said().lower()
        assert status_of(f"{started.address}/demo/mail") == 404
    finally:
        started.process.kill()
        started.process.wait()

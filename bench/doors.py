"""Whether the time of an answer tells who is known: ``python -m bench.doors`` measures it and prints a table.

The program runs as it is served (``flask serve`` with its runner and the demo's mail server in the same process, and
passwords at the usual cost). Requests for known and unknown names are sent in turn over one connection, each for a name
of its own from a place of its own, so that no limit is reached. Nothing here is a test: a test that judges times fails
on a busy machine. What the tests prove is that both do the same work (tests/views/test_attacks_doors.py).
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from app import create_app
from bench import machine
from bench.databases import scratch_database
from config import load_settings
from extensions import db
from models import Account, AccountStatus, Member, MemberStatus, Person, PersonKind
from services.passwords import passwords

ROOT = Path(__file__).resolve().parent.parent
TARGET = 0.005
_STARTS_WITHIN = 240.0
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
DOORS = {"/sign-in": "wrong password", "/forgot-password": "reset link"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.doors", description=__doc__)
    parser.add_argument("--requests", type=int, default=200, help="requests of each kind and door")
    parser.add_argument("--port", type=int, default=8190, help="where the program listens meanwhile")
    options = parser.parse_args()
    print("\n".join(f"- {fact}" for fact in machine.facts()))
    print("\n| database | door | known | unknown | medians differ by | pairs differ by |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    missed = False
    with tempfile.TemporaryDirectory() as folder, scratch_database("doors") as postgresql:
        for name, url in (("SQLite", f"sqlite:///{folder}/doors.db"), ("PostgreSQL", postgresql)):
            with program(url, Path(folder) / name, options.port, options.requests):
                for address, what in DOORS.items():
                    known, unknown = measure(options.port, address, options.requests)
                    medians = statistics.median(known), statistics.median(unknown)
                    difference = abs(medians[0] - medians[1])
                    pairs = abs(statistics.median(one - other for one, other in zip(known, unknown, strict=True)))
                    missed = missed or difference > TARGET
                    times = " | ".join(_ms(each) for each in medians)
                    print(f"| {name} | {what} | {times} | **{_ms(difference)}** | {_ms(pairs)} |", flush=True)
    print(f"\n{options.requests} requests each, to hold: at most {_ms(TARGET)}; {machine.load_line([machine.load()])}")
    return 1 if missed else 0


@contextmanager
def program(url: str, folder: Path, port: int, people: int) -> Iterator[None]:
    """The program on this database, in a process of its own, with so many people at each door."""
    environ = {
        "FOYER_ENV": "demo",
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "BASE_URL": f"http://localhost:{port}",
        "PORT": str(port),
        "BEHIND_PROXY": "true",  # so that each request may come from a place of its own
        "LOG_LEVEL": "ERROR",
    }
    flask = [sys.executable, "-m", "flask", "--app", "app", "serve"]
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(flask, cwd=ROOT, env={**os.environ, **environ}, stdout=log, stderr=log)  # noqa: S603
        try:
            _wait_for(port, process)
            _add_people(create_app(load_settings(environ)), people)
            yield
        finally:
            process.terminate()
            process.wait(60)


def measure(port: int, address: str, requests: int) -> tuple[list[float], list[float]]:
    """What the requests took for known and unknown names, sent in turn."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    token, cookie = _form(connection, port, address)
    took: dict[str, list[float]] = {"known": [], "other": []}
    for number in range(-5, requests):  # the first ones warm up
        for turn, kind in enumerate(took if number % 2 else reversed(took)):
            place = 2 * (number + 5) + turn
            headers = {
                "Host": f"localhost:{port}",
                "Cookie": cookie,
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Forwarded-For": f"10.{len(address)}.{place // 250}.{place % 250}",
            }
            typed = {"csrf_token": token, "email": f"{kind}{number % requests}@door.example", "password": "not right"}
            started = time.perf_counter()
            connection.request("POST", address, urlencode(typed), headers)
            answer = connection.getresponse()
            answer.read()
            seconds = time.perf_counter() - started
            if answer.status not in (200, 422):
                raise RuntimeError(f"{address} answered {answer.status}")
            if number >= 0:
                took[kind].append(seconds)
    connection.close()
    return took["known"], took["other"]


def _form(connection: http.client.HTTPConnection, port: int, address: str) -> tuple[str, str]:
    """The token of the page's form, and the cookie that goes with it."""
    connection.request("GET", address, headers={"Host": f"localhost:{port}"})
    answer = connection.getresponse()
    found = _TOKEN.search(answer.read().decode())
    cookies = "; ".join(value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie") or [])
    if found is None:
        raise RuntimeError(f"no form at {address}")
    return found[1], cookies


def _add_people(app: Flask, number: int) -> None:
    now = dt.datetime.now(dt.UTC)
    with app.app_context():
        account_id = db.session.scalar(select(Account.id).where(Account.status == AccountStatus.ACTIVE).limit(1))
        hashed = passwords.make("the password of everybody here")
        people = [
            Person(
                kind=PersonKind.MEMBER,
                email=f"known{each}@door.example",
                first_name="Known",
                last_name=str(each),
                password_hash=hashed,
                created_at=now,
            )
            for each in range(number)
        ]
        db.session.add_all(people)
        db.session.flush()
        db.session.add_all(
            Member(
                account_id=account_id,
                person_id=person.id,
                status=MemberStatus.ENABLED,
                portal_access=True,
                created_at=now,
            )
            for person in people
        )
        db.session.commit()
        db.engine.dispose()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < give_up and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"localhost:{port}"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise RuntimeError("the program did not start")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


if __name__ == "__main__":
    sys.exit(main())

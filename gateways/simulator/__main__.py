"""Runs the simulator alone, until a signal to stop."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from threading import Event

from gateways.simulator.providers import PROVIDERS
from gateways.simulator.server import Simulator


def main() -> None:
    """Read the command line, listen, and say where."""
    parser = argparse.ArgumentParser(prog="python -m gateways.simulator", description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True, help="the file of what the providers know")
    parser.add_argument("--port", type=int, default=0, help="where to listen on this machine; 0: any free port")
    parser.add_argument("--tell", default="", help="Foyer's address, to which events go; without it none are sent")
    given = parser.parse_args()
    stopped = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _signal, _frame: stopped.set())
    simulator = Simulator(given.ledger, PROVIDERS, port=given.port, tell=given.tell)
    simulator.start()
    sys.stdout.write(f"{simulator.url}\n")
    sys.stdout.flush()
    stopped.wait()
    simulator.stop()


if __name__ == "__main__":
    main()

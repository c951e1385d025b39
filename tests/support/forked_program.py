"""`flask --app app jobs`, loaded once and started many times: each line on standard input forks a runner.

`python -m tests.support.forked_program MODULE…` imports the modules, makes the program, and answers each line with the
number of a new process, which is a runner as `flask jobs` is one: engine, clock and the door for mails. Making the program
takes seconds, a fork none, so that a test can kill fifty of them. Nothing is shared: a runner opens its own connections.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module

from flask.cli import ScriptInfo

from app import create_app
from commands.jobs import command
from extensions import db


def main() -> None:
    for module in sys.argv[1:]:
        import_module(module)
    app = create_app()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that were killed
    with app.app_context():
        db.engine.dispose()
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with app.app_context():
                db.engine.dispose(close=False)
            command.main(args=[], obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()

"""`flask --app app jobs` with more kinds of jobs: the modules named on the command line are imported first."""

from __future__ import annotations

import sys
from importlib import import_module

from flask.cli import main

if __name__ == "__main__":
    for module in sys.argv[1:]:
        import_module(module)
    sys.argv = ["flask", "--app", "app", "jobs"]
    main()

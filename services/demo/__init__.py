"""The demo: a provider with forty-six customers and three years of business, made by the services themselves.

The same ``now`` gives the same rows on every database, secrets apart (see services/demo/load.py).
"""

from services.demo.load import PASSWORD, SIGN_INS, DemoNotPossible, database_is_empty, demo_is_loaded, load_demo

__all__ = ["PASSWORD", "SIGN_INS", "DemoNotPossible", "database_is_empty", "demo_is_loaded", "load_demo"]

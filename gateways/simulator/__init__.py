"""Payment providers on this machine: their real wire formats, with a ledger of their own and faults on command.

The demo pays through it, and the contract of every gateway (tests/gateways) is proved against it. It shares no code
with the adapters, so that a mistake in one of them is not hidden by the other.

- ``ledger.py``: what the providers know, in one SQLite file: objects, answers by idempotency key, events, faults.
- ``server.py``: the program behind all of them: faults, the control addresses, and which provider answers what.
- ``events.py``: the thread that delivers events to us, signed as the provider signs.
- ``wire.py``: what all providers do alike: answer a key once, and queue events with the faults that are commanded.
- ``stripe.py``, ``paypal.py``, ``authorize_net.py``: the providers. Another one is a class as ``provider.py`` says,
  named in ``providers.py``.

``python -m gateways.simulator --ledger FILE --tell http://127.0.0.1:8000`` runs it alone.
"""

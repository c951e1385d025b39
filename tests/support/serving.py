"""The program on a port of this machine, served by the server of the embedded start."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from flask import Flask
from waitress.server import create_server
from waitress.wasyncore import close_all


@contextlib.contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of the program, while the block runs."""
    server = create_server(app, host="127.0.0.1", port=0, threads=8, clear_untrusted_proxy_headers=True)

    def serve() -> None:
        with contextlib.suppress(OSError):  # closing its sockets is how the loop of this server ends
            server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown(timeout=5)  # a request under way would write to a socket that is closed
        server.close()
        thread.join(timeout=10)
        # Closing the server leaves the connections that browsers keep: collected later, they would fail another test.
        close_all(server._map, ignore_all=True)

"""Whose tries are counted when the program is served: the visitor's that a proxy names, and nobody's that invents one."""

from __future__ import annotations

import contextlib
import http.client
import threading
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from commands.serve import make_server
from models import SignInAttempt
from tests.support.door import csrf_token_of


@pytest.mark.parametrize(
    ("behind", "counted"), [("true", "203.0.113.77"), ("false", "127.0.0.1")], ids=["behind a proxy", "without one"]
)
def test_the_address_a_proxy_names_is_counted_only_behind_one(make_app, session, behind, counted):
    app = make_app(BEHIND_PROXY=behind)
    settings = app.extensions["settings"].model_copy(update={"host": "127.0.0.1", "port": 0})
    client = app.test_client()
    sent = urlencode({"csrf_token": csrf_token_of(client), "email": "mia@acme.example", "password": "wrong"})
    name = app.config["SESSION_COOKIE_NAME"]
    headers = {
        "Host": "localhost",
        "Cookie": f"{name}={client.get_cookie(name).value}",
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": "198.51.100.9, 203.0.113.77",
    }
    server = make_server(app, settings)

    def serve():
        with contextlib.suppress(OSError):  # its sockets are closed from here while it waits for them
            server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=30)
        connection.request("POST", "/sign-in", sent, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 422
    finally:
        server.close()
        thread.join(30)
    assert session.scalars(select(SignInAttempt.ip)).all() == [counted]

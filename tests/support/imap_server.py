"""A mailbox on this machine that speaks as much IMAP (RFC 3501) as fetching mails needs, in threads of this process."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class StoredMail:
    content: bytes
    seen: bool = False
    claimed_size: int | None = None


@dataclass
class ImapServer:
    """``mails`` by UID. ``asked`` are the commands it got, without the password."""

    username: str = "support"
    password: str = "the password of the mailbox"
    folder: str = "INBOX"
    mails: dict[int, StoredMail] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hang_up_at: str = ""
    port: int = 0

    def put(self, *contents: bytes) -> None:
        for content in contents:
            self.mails[max(self.mails, default=100) + 7] = StoredMail(content)

    @property
    def unseen(self) -> list[bytes]:
        return [mail.content for mail in self.mails.values() if not mail.seen]

    @contextmanager
    def running(self) -> Iterator[ImapServer]:
        server = _Server(("127.0.0.1", 0), _Session)
        server.house = self
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    house: ImapServer


class _Session(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        self.house: ImapServer = self.server.house
        self.say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, _, command = line.partition(" ")
            name = command.split()[0].upper()
            self.house.asked.append(command if name != "LOGIN" else "LOGIN")
            if self.house.hang_up_at and self.house.hang_up_at in command:
                return
            if name == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1")
            elif name == "LOGOUT":
                self.say("* BYE")
                self.say(f"{tag} OK")
                return
            answer = self.refused(name, command) or self.answered(name, command)
            self.say(f"{tag} {answer}")

    def refused(self, name: str, command: str) -> str:
        if name == "LOGIN" and self.house.password not in command:
            return "NO wrong password"
        if name == "SELECT" and f'"{self.house.folder}"' not in command:
            return "NO no such folder"
        return ""

    def answered(self, name: str, command: str) -> str:
        if name == "SELECT":
            self.say(f"* {len(self.house.mails)} EXISTS")
            return "OK [READ-WRITE] selected"
        if name == "UID":
            self.by_uid(command)
        return "OK done"

    def by_uid(self, command: str) -> None:
        verb = command.split()[1].upper()
        if verb == "SEARCH":
            found = [str(uid) for uid, mail in self.house.mails.items() if not mail.seen]
            self.say(f"* SEARCH {' '.join(reversed(found))}".rstrip())
            return
        uid = int(command.split()[2])
        mail = self.house.mails.get(uid)
        if mail is None:
            return
        if verb == "STORE":
            mail.seen = True
        elif "RFC822.SIZE" in command:
            self.say(f"* 1 FETCH (UID {uid} RFC822.SIZE {mail.claimed_size or len(mail.content)})")
        else:
            part = re.search(r"BODY\.PEEK\[(\w*)\]", command)
            content = mail.content if part is None or not part[1] else mail.content.split(b"\r\n\r\n")[0]
            self.wfile.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(content)}}}\r\n".encode() + content + b")\r\n")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

"""Mails are fetched from a mailbox by UID, and marked as seen only once they are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.imap import LARGEST_FETCHED, Mailbox, MailboxNotReachable, fetch_unseen
from tests.support.imap_server import ImapServer


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer().running() as running:
        yield running


def mailbox(server: ImapServer, **others: object) -> Mailbox:
    usual = {"username": server.username, "password": server.password, "use_ssl": False, "timeout": 5.0}
    return Mailbox("127.0.0.1", server.port, **{**usual, **others})  # type: ignore[arg-type]


def test_unseen_mails_are_handed_over_oldest_first_and_marked(server):
    server.put(b"Subject: one\r\n\r\n1", b"Subject: two\r\n\r\n2")
    kept: list[tuple[bytes, bool]] = []
    assert fetch_unseen(mailbox(server), lambda *mail: kept.append(mail), most=10) == 2
    assert kept == [(b"Subject: one\r\n\r\n1", True), (b"Subject: two\r\n\r\n2", True)]
    assert server.unseen == []
    assert fetch_unseen(mailbox(server), lambda *mail: kept.append(mail), most=10) == 0


def test_a_mail_is_marked_only_after_it_was_kept(server):
    server.put(b"Subject: one\r\n\r\n1")
    seen_before: list[list[bytes]] = []
    fetch_unseen(mailbox(server), lambda *_mail: seen_before.append(server.unseen), most=10)
    assert seen_before == [[b"Subject: one\r\n\r\n1"]]


def test_what_is_not_kept_stays_unseen_with_all_behind_it(server):
    server.put(b"Subject: one\r\n\r\n1", b"Subject: two\r\n\r\n2", b"Subject: three\r\n\r\n3")

    def keep(content: bytes, whole: bool) -> None:
        if b"two" in content:
            raise LookupError("the database is away")

    with pytest.raises(LookupError):
        fetch_unseen(mailbox(server), keep, most=10)
    assert [content[9:12] for content in server.unseen] == [b"two", b"thr"]


def test_looking_at_a_mail_does_not_mark_it(server):
    server.put(b"Subject: one\r\n\r\n1")
    fetch_unseen(mailbox(server), lambda *_mail: None, most=10)
    assert [command for command in server.asked if "FETCH" in command and "BODY[" in command] == []


def test_no_more_are_fetched_at_once_than_asked_for(server):
    server.put(*(b"Subject: x\r\n\r\n%d" % number for number in range(5)))
    assert fetch_unseen(mailbox(server), lambda *_mail: None, most=3) == 3
    assert len(server.unseen) == 2


def test_of_a_mail_that_is_too_large_the_headers_are_fetched(server):
    server.put(b"Subject: large\r\n\r\nbody")
    next(iter(server.mails.values())).claimed_size = LARGEST_FETCHED + 1
    kept: list[tuple[bytes, bool]] = []
    fetch_unseen(mailbox(server), lambda *mail: kept.append(mail), most=10)
    assert kept == [(b"Subject: large", False)]


@pytest.mark.parametrize("others", [{"password": "wrong"}, {"folder": "Elsewhere"}])
def test_a_mailbox_that_does_not_open_is_said_without_its_password(server, others):
    with pytest.raises(MailboxNotReachable) as refused:
        fetch_unseen(mailbox(server, **others), lambda *_mail: None, most=10)
    assert server.password not in str(refused.value)


def test_a_server_that_hangs_up_is_out_of_reach(server):
    server.put(b"Subject: one\r\n\r\n1")
    server.hang_up_at = "FETCH"
    with pytest.raises(MailboxNotReachable):
        fetch_unseen(mailbox(server), lambda *_mail: None, most=10)
    assert len(server.unseen) == 1


def test_a_server_that_is_not_there_is_out_of_reach():
    with pytest.raises(MailboxNotReachable):
        fetch_unseen(Mailbox("127.0.0.1", 1, "a", "b", use_ssl=False, timeout=2), lambda *_mail: None, most=1)

"""Mails that nobody wrote: automatic answers, bounces, and our own that came round."""

from __future__ import annotations

import pytest

from domain.incoming_mail import read_mail
from domain.mail_kinds import LOOP_HEADER, MailKind


def kind_of(*headers: str, subject: str = "Hello", sender: str = "ann@acme.example", envelope: str | None = None):
    head = "\r\n".join([f"From: {sender}", f"Subject: {subject}", *headers])
    return read_mail(f"{head}\r\n\r\nText".encode(), envelope_sender=envelope).recognised


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "AUTO-SUBMITTED: Auto-Replied",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "Precedence: junk",
        "X-Autoreply: yes",
        "X-Autorespond: vacation",
        "X-Mail-Autoreply: 1",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
    ],
)
def test_an_automatic_answer_is_told_by_its_headers(header):
    found = kind_of(header)
    assert found.kind is MailKind.AUTO_REPLY
    assert found.why


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Precedence: first-class", "X-Autoreply: no", "X-Priority: 1"]
)
def test_a_mail_that_says_it_is_not_automatic_is_ordinary(header):
    assert kind_of(header).kind is MailKind.ORDINARY


@pytest.mark.parametrize(
    ("headers", "given"),
    [
        (["Content-Type: multipart/report; report-type=delivery-status; boundary=b"], {}),
        (["X-Failed-Recipients: bob@b.example"], {}),
        (["Return-Path: <>"], {}),
        ([], {"envelope": ""}),
        ([], {"envelope": "<>"}),
        ([], {"sender": "MAILER-DAEMON@mx.example"}),
        ([], {"sender": "Mail Delivery <postmaster@mx.example>"}),
    ],
)
def test_a_bounce_is_told_by_its_form_or_by_who_sends_it(headers, given):
    assert kind_of(*headers, **given).kind is MailKind.BOUNCE


def test_an_automatic_answer_with_an_empty_envelope_is_no_bounce():
    assert kind_of("Auto-Submitted: auto-replied", envelope="").kind is MailKind.AUTO_REPLY


@pytest.mark.parametrize("subject", ["Automatic reply: Ticket", "Out of Office Re: T", "Abwesenheitsnotiz: Ticket"])
def test_the_subject_counts_only_with_another_sign(subject):
    assert kind_of("X-Auto-Response-Suppress: All", subject=subject).kind is MailKind.AUTO_REPLY
    assert kind_of(subject=subject).kind is MailKind.ORDINARY


def test_a_mail_of_ours_that_came_back_is_a_loop():
    assert kind_of(f"{LOOP_HEADER}: anything", "Auto-Submitted: auto-generated").kind is MailKind.LOOP


def test_a_mail_that_passed_too_many_servers_is_a_loop():
    assert kind_of(*["Received: from a by b"] * 51).kind is MailKind.LOOP
    assert kind_of(*["Received: from a by b"] * 12).kind is MailKind.ORDINARY


def test_a_word_like_postmaster_inside_an_address_is_nothing_special():
    assert kind_of(sender="anna.postmaster@acme.example").kind is MailKind.ORDINARY

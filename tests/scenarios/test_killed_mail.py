"""A thousand mails while the runner is killed again and again and the mail server is down for a part of the time.

None is lost. A mail comes twice only where the server had taken it and the runner died before it could write that down;
it then comes with the same Message-ID. The same with invoices, whose PDFs are set by the runner that is killed: each is
made once, and whoever gets a mail gets it with the stored bytes.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import pytest
from sqlalchemy import func, select

from extensions import db
from integrations.files import FolderFiles
from models import DocumentFile, File
from models.notification import DeliveryState, NotificationDelivery
from services.notifications import queue_mail
from services.unit_of_work import unit_of_work
from tests.factories.people import OwnerFactory
from tests.services.money import issued
from tests.support.runner_process import RunnerProcess, kill_while, wait_for
from tests.support.smtp import SmtpServer

pytestmark = pytest.mark.slow

MAILS = 1000
KILLS = {"sqlite": 50, "postgresql": 10}
DOWN_DURING = {"sqlite": (15, 22), "postgresql": (3, 5)}  # kills between which nobody listens
THREADS = 4
INVOICES = 60
INVOICE_KILLS = {"sqlite": 6, "postgresql": 3}


@pytest.fixture
def smtp():
    server = SmtpServer().start()
    yield server
    server.stop()


@pytest.fixture
def runner(session, database, tmp_path, smtp):
    made = RunnerProcess(
        database.url,
        tmp_path,
        kinds="tests.support.impatient_deliveries",
        lease_seconds=3,
        JOBS_THREADS=str(THREADS),
        MAIL_SERVER="127.0.0.1",
        MAIL_PORT=str(smtp.port),
        MAIL_USE_TLS="false",
        MAIL_TIMEOUT_SECONDS="0.5",
    )
    yield made
    made.kill()


def states() -> Counter[DeliveryState]:
    with unit_of_work():
        return Counter(db.session.scalars(select(NotificationDelivery.state)).all())


def tries() -> int:
    with unit_of_work():
        return db.session.scalar(select(func.sum(NotificationDelivery.attempts))) or 0


def test_no_mail_is_lost_when_runner_and_server_fail(session, database, now, runner, smtp):
    kills = KILLS[database.dialect]
    with unit_of_work():
        for number in range(MAILS):
            queue_mail(f"reader{number}@acme.example", "test", f"Mail {number}", "Text.", now=now)
    ids = dict(session.execute(select(NotificationDelivery.address, NotificationDelivery.message_id)).all())
    session.commit()
    first_down, up_again = DOWN_DURING[database.dialect]
    seen = 0

    def some_more_were_tried(kill: int) -> bool:
        nonlocal seen
        if kill == first_down:
            smtp.stop()
        if kill == up_again and not smtp.is_up:
            smtp.start()
        at_work = tries() if not smtp.is_up else len(smtp.taken)
        if kill in (first_down, up_again) and seen > at_work:
            seen = at_work
        step = MAILS // (kills + 5) if smtp.is_up else 3
        if at_work < seen + step and len(smtp.taken) < MAILS:
            return False
        seen = at_work
        return True

    kill_while(runner, times=kills, after=some_more_were_tried)
    runner.start()
    wait_for(lambda: states() == {DeliveryState.SENT: MAILS}, what="the last mail")
    assert runner.stop() == 0

    arrived: dict[str, list[str]] = defaultdict(list)
    for (_sender, recipients), mail in zip(smtp.envelopes, smtp.taken, strict=True):
        [address] = recipients
        arrived[address].append(str(mail["Message-ID"]))
    assert set(arrived) == set(ids)
    assert {address: set(found) for address, found in arrived.items()} == {each: {ids[each]} for each in ids}
    # At most what was in hand at a kill came again.
    assert len(smtp.taken) - MAILS <= kills * THREADS
    # The server was really down while something was tried.
    assert tries() > len(smtp.taken)


def test_every_invoice_arrives_with_its_one_pdf_when_the_runner_is_killed(session, database, runner, smtp, tmp_path):
    kills = INVOICE_KILLS[database.dialect]
    account = OwnerFactory(person__email="owner@acme.example").account
    with unit_of_work():
        now = dt.datetime.now(dt.UTC)  # the runner's time: an older invoice would be reminded of
        numbers = [issued(account, now).number for _ in range(INVOICES)]

    kill_while(runner, times=kills, after=lambda kill: len(smtp.taken) >= (kill + 1) * INVOICES // (kills + 2))
    runner.start()
    wait_for(lambda: states() == {DeliveryState.SENT: INVOICES}, what="the last mail")
    assert runner.stop() == 0

    files = FolderFiles(tmp_path / "data" / "files")
    stored = select(DocumentFile.document_key, File.key).join(File, File.id == DocumentFile.file_id)
    kept = {}
    for number, key in session.execute(stored):
        assert number not in kept
        with files.open(key) as content:
            kept[number] = content.read()
    assert set(kept) == set(numbers)
    arrived: dict[str, set[str]] = defaultdict(set)
    for mail in smtp.taken:
        [file] = mail.iter_attachments()
        number = file.get_filename().removesuffix(".pdf")
        assert number in mail["Subject"]
        assert file.get_payload(decode=True) == kept[number]
        arrived[number].add(str(mail["Message-ID"]))
    assert {number: len(ids) for number, ids in arrived.items()} == dict.fromkeys(numbers, 1)
    assert len(smtp.taken) - INVOICES <= kills * THREADS

"""A member connects a chat, is told of an answer there, answers it, and opens a ticket with a photo: over real HTTP."""

from __future__ import annotations

import re

import pytest

from domain.permissions import MemberRole, StaffRole
from integrations.telegram import Bot
from integrations.telegram_stand_in import RETRY_AFTER, TelegramStandIn
from jobs.senders import outgoing_of, talk_by_telegram
from jobs.telegram import ChatPoller
from services.stored_files import stored_files
from tests.factories.people import AccountFactory, DepartmentFactory
from tests.factories.support import TicketTypeFactory
from tests.support.pictures import picture
from tests.support.post_office import link_in
from tests.support.somebody import Somebody
from tests.support.townspeople import MINUTE, member_of, one_of_the_staff, owner_of

TOKEN = "77:the-token-of-the-story"
TELEPHONE = 4242


@pytest.fixture
def telegram(app, session, tmp_path):
    stored_files.bind_folder(tmp_path / "files")
    house, outgoing = TelegramStandIn(TOKEN), outgoing_of(app)
    before = dict(outgoing.senders)
    house.start()
    talk_by_telegram(app, Bot(TOKEN, "provider_bot", house.url))
    yield house
    house.stop()
    outgoing.bot, outgoing.senders = None, before


def test_max_talks_with_support_from_his_telephone(app, session, clock, post, telegram):
    account = AccountFactory(client_id="20001", name="Fjord Telecom")
    owner_of(account, "ida@fjord.example", "Ida Berg")
    member_of(account, "max@fjord.example", "Max Vik", MemberRole.TICKETS)
    one_of_the_staff("ann@provider.example", "Ann Agent", StaffRole.ADMINISTRATOR)
    TicketTypeFactory(name="Something is broken", department=DepartmentFactory())
    session.commit()
    poller = ChatPoller(app, wait=0)

    def hears():
        """What the bot said since, after everything that is due."""
        poller.poll()
        post.delivers()
        return telegram.texts(TELEPHONE)[-1]

    # Max connects his chat from his settings.
    max_ = Somebody(app, "max@fjord.example").signs_in()
    max_.goes("/settings/telegram").presses("Connect Telegram")
    [(_words, link)] = [each for each in max_.page.links if each[0] == "Open the chat"]
    code = re.fullmatch(r"https://t\.me/provider_bot\?start=([a-z0-9-]+)", link)[1]
    telegram.press_start(TELEPHONE, code, name="Max")
    assert hears().startswith("This chat is connected to ")
    assert max_.clicks("I have sent it").sees("Connected")
    assert post.letter_to("max@fjord.example", "A Telegram chat was connected")
    max_.goes("/settings/security")
    assert max_.sees("Connected a Telegram chat")

    # He opens a ticket with a photo; Telegram delivers one update twice, and it becomes one thing.
    telegram.write(TELEPHONE, "/new")
    assert "1. Something is broken" in hears()
    telegram.write(TELEPHONE, "1")
    assert "at most 255 characters" in hears()
    telegram.command("twice")
    telegram.write(TELEPHONE, "The phones ring only once", photo=picture())
    assert hears().startswith("1 of 5 files is kept.")
    telegram.write(TELEPHONE, "/done")
    number = re.search(r"Ticket (\S+) is open", hears())[1]

    # An agent answers in the back office, while Telegram has too much to do; nothing is lost.
    ann = Somebody(app, "ann@provider.example").signs_in().goes(f"/staff/tickets/{number}")
    assert ann.sees("The phones ring only once")
    assert ann.sees("photo.jpg")
    telegram.command("too_many")
    said = len(telegram.texts(TELEPHONE))
    ann.presses("Send answer", title="Which model?", body="Which model is it?")
    post.delivers()
    assert len(telegram.texts(TELEPHONE)) == said
    clock.shift(RETRY_AFTER)
    post.delivers()
    notice = telegram.messages(TELEPHONE)[-1]
    assert "Ann Agent wrote in ticket" in notice.text
    assert "Which model is it?" in notice.text

    # Max replies to that message, and both sides read it.
    telegram.write(TELEPHONE, "A Fjordphone 7", reply_to=notice.number)
    assert hears() == f"Your answer in ticket {number} is sent."
    max_.goes(f"/portal/20001/tickets/{number}")
    assert max_.sees("A Fjordphone 7")
    assert ann.goes(f"/staff/tickets/{number}").sees("A Fjordphone 7")
    letter = post.letter_to("ann@provider.example", number)
    assert "A Fjordphone 7" in letter.text
    assert ann.goes(link_in(letter, f"/staff/tickets/{number}")).sees("A Fjordphone 7")
    assert max_.goes(re.search(r"http://localhost(/portal/\S+)", notice.text)[1]).sees("A Fjordphone 7")

    # The owner takes the role away: the chat is told no more, and can do nothing.
    ida = Somebody(app, "ida@fjord.example").signs_in().goes("/portal/20001/members/").clicks("max@fjord.example")
    ida.clicks("Change roles").presses("Change roles", role=[])
    telegram.write(TELEPHONE, "And now?", reply_to=notice.number)
    assert hears() == "You cannot do this from here just now. Sign in to the portal to see how it stands."

    # Max blocks the bot: his settings say so.
    telegram.block(TELEPHONE)
    clock.shift(MINUTE)
    poller.poll()
    assert max_.goes("/settings/telegram").sees("Telegram says that our bot is blocked there.")
    assert post.letter_to("max@fjord.example", "Your Telegram chat was disconnected")

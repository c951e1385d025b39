"""Chats of the demo: one of last week that is closed, for Acme, whose contract runs."""

from __future__ import annotations

import datetime as dt
from typing import Final

from extensions import db
from models.account import Account
from models.chat import ChatSession
from services.chats import close_chat, say, start_chat, take_chat
from services.demo.world import World

_MEMBER: Final = "chat@acme.example"
_SAID: Final = (
    # minutes after the start, whether support says it, and what
    (2, True, "Good morning! Which phones are it, and since when?"),
    (3, False, "All of the second floor, since the switch was changed."),
    (5, True, "Then they are in another network now. I let the new one in; please restart one of them."),
    (11, False, "It rings again. Thank you!"),
)


def put_chats(world: World) -> None:
    """Put the chats on the agenda."""
    world.agenda.note(world.ago(6, 9, 12), _talk, world, world.accounts["Acme Telecom"])


def _talk(world: World, account: Account, at: dt.datetime) -> None:
    member, agent = world.as_member(_MEMBER), world.as_staff("agent")
    chat: ChatSession = start_chat(account, "Our phones have no line. Is something broken?", actor=member, now=at)
    take_chat(chat, actor=agent, now=at + dt.timedelta(minutes=1))
    for minutes, from_staff, text in _SAID:
        say(chat, text=text, actor=agent if from_staff else member, now=at + dt.timedelta(minutes=minutes))
    close_chat(chat, actor=member, now=at + dt.timedelta(minutes=12))
    db.session.flush()

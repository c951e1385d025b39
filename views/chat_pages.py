"""Starting a chat, and asking one for what was said in the meantime."""

from __future__ import annotations

from typing import ClassVar

from flask import abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select

from domain.permissions import P
from domain.refusals import Refusal
from extensions import db
from models import Account, ChatSession
from panel import RealmPage, Visit
from panel.addresses import address
from services.chats import contract_runs, running_chat, start_chat
from services.unit_of_work import unit_of_work
from views.chats import SayForm, lines_after, state_of
from views.locale import flash
from views.see_other import see_other

_LONGEST_ID = 40
_LONGEST_NUMBER = 9


class ChatPage(RealmPage):
    """Where a member starts a chat, or learns why there is none."""

    slug, title = "chat", "Support chat"
    group, icon = "Support", "chat-dots"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "start"), P.CHAT_USE)

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        return visit.owner_id is not None and visit.allows(P.CHAT_USE)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The chat that runs, else the form that starts one."""
        running = running_chat(self.visit.actor.member_id or 0)
        if running is not None:
            return see_other(self._url(running))
        return self._page(SayForm())

    @expose("/", methods=("POST",))
    def start(self) -> ResponseReturnValue:
        """Start one with its first message."""
        form = SayForm()
        if not form.validate():
            return self._page(form, status=422)
        account = db.session.get_one(Account, self.visit.owner_id)
        try:
            with unit_of_work():
                session = start_chat(account, form.text.data or "", actor=self.visit.actor, now=self.hooks.now())
        except Refusal as refusal:
            form.text.errors = [refusal.message]
            return self._page(form, status=409)
        flash("Support is told. Somebody comes as soon as they can.", "success")
        return see_other(self._url(session))

    def _url(self, session: ChatSession) -> str:
        return f"{self.visit.base_url}/chats/{address(session.public_id)}"

    def _page(self, form: SayForm, *, status: int = 200) -> ResponseReturnValue:
        visit = self.visit
        account = db.session.get_one(Account, visit.owner_id)
        runs = contract_runs(account, day=self.hooks.now().date())
        page = render_template(
            "pages/chat/start.html",
            layout=self.realm.layout,
            form=form,
            runs=runs,
            ended_on=account.support_contract_until,
            url=f"{visit.base_url}/chat/",
            history_url=f"{visit.base_url}/chats/",
            ticket_url=f"{visit.base_url}/tickets/new" if visit.allows(P.TICKETS_WRITE) else "",
            store_url=f"{visit.base_url}/store/" if visit.allows(P.ORDERS_CREATE) else "",
        )
        return page, status


class ChatNewsPage(RealmPage):
    """What an open page asks again and again. It says nothing about whether somebody sits before it."""

    slug, title = "chat-news", "What was said"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "news"), P.CHAT_USE)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """A chat is chosen in the list."""
        return see_other(f"{self.visit.base_url}/chats/")

    @expose("/<public_id>")
    def news(self, public_id: str) -> ResponseReturnValue:
        """Lines after ``after`` as HTML, the newest number, and where the chat stands; 304 while nothing changed."""
        visit, after = self.visit, request.args.get("after", "0")
        if not after.isascii() or not after.isdigit() or len(after) > _LONGEST_NUMBER:
            abort(400)
        if "\0" in public_id or len(public_id) > _LONGEST_ID:
            abort(404)
        session = db.session.scalar(select(ChatSession).where(ChatSession.public_id == public_id))
        if session is None:
            abort(404)
        lines = lines_after(visit, session, int(after))
        html = render_template("pages/chat/_lines.html", lines=lines) if lines else ""
        answer = jsonify(
            html=html, last=session.last_sequence, state=state_of(session), closed=session.closed_at is not None
        )
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.add_etag()
        return answer.make_conditional(request)

"""The pages of one resource in one realm: addresses to verbs, verbs to grants, answers to responses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar

from flask import Response, abort, current_app, flash, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from panel import acting, editing
from panel.addresses import key_in
from panel.count import count_text
from panel.details import details_page, peek_page
from panel.door import RealmView
from panel.export import RowStream, csv_stream, xlsx_stream
from panel.keyset import segments
from panel.layouts import COLUMNS, shown_columns
from panel.listquery import read_query
from panel.lists import list_page, opens_with
from panel.mounted import Mounted
from panel.pages import ChoosePage
from panel.realm import Visit
from panel.related import TAB
from panel.rows import find_row

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FRAGMENT = "X-Fragment"
PEEK = "peek"  # of that header: a quick look instead of the whole page of a record
UNDO = "undo"  # the category of a flashed address that takes back what was just done
ALL = "all"  # of a bulk action: the part of a list's address after "?", for all rows it asks for


class ResourceView(RealmView):
    """A mounted resource as Flask-Admin sees it. A method without a verb here cannot be reached."""

    verbs: ClassVar[dict[str, str]] = {
        "list_view": "list",
        "count_view": "list",
        "export_csv_view": "export",
        "export_xlsx_view": "export",
        "lookup_view": "lookup",
        "create_view": "create",
        "details_view": "details",
        "edit_view": "edit",
        "delete_view": "delete",
        "action_view": "action",
        "bulk_view": "bulk",
    }

    def __init__(self, mounted: Mounted) -> None:
        self.mounted = mounted
        resource = mounted.resource
        super().__init__(
            mounted.realm,
            mounted.hooks,
            name=resource.title,
            category=resource.group or None,
            endpoint=f"{mounted.realm.name}_{mounted.slug.replace('-', '_')}",
            url=f"{mounted.realm.prefix}/{mounted.slug}",
        )

    # Who may

    def scope_of(self, visit: Visit) -> Any:
        return self.mounted.scope(visit)

    def admit(self, visit: Visit, method: str, values: dict[str, Any]) -> None:
        """404 for what does not exist in this realm, 403 for what this visitor may not do."""
        needed = self.grants_for(method, values)
        if not needed:
            abort(404)
        if not any(visit.allows(grant) for grant in needed):
            abort(403)
        if self.is_sensitive(method, values):
            self.hooks.prove(visit)

    def grants_for(self, method: str, values: dict[str, Any]) -> list[str]:
        """The grants of which one is needed; none when there is no such page."""
        mounted, verb = self.mounted, self.verbs.get(method, "")
        if verb in ("action", "bulk"):
            action = mounted.actions.get(values["action"])
            return [action.grant] if action is not None and (verb == "action" or action.bulk) else []
        if verb == "lookup":
            return self._lookup_grants(values["field"])
        grant = mounted.grant(verb)
        return [grant] if grant else []

    def is_sensitive(self, method: str, values: dict[str, Any]) -> bool:
        """Whether the visitor must have proved lately who they are, already to see the page that asks."""
        verb = self.verbs[method]
        if verb in ("action", "bulk"):
            return self.mounted.actions[values["action"]].sensitive
        return verb in self.mounted.resource.sensitive

    def _lookup_grants(self, field: str) -> list[str]:
        mounted = self.mounted
        verbs = [verb for verb, maker in mounted.forms.items() if field in maker.sources]
        if any(bound.source is not None and bound.param == field for bound in mounted.filters):
            verbs.append("list")
        return [grant for verb in verbs if (grant := mounted.grant(verb))]

    # Reading

    @expose("/")
    def list_view(self) -> ResponseReturnValue:
        mounted, visit = self.mounted, self.visit
        layout = mounted.hooks.layout(visit, mounted.slug)
        opened = opens_with(mounted, visit, layout, request.args)
        if opened:
            return redirect(opened, code=303)
        page = list_page(mounted, visit, self.session, request.args, self.secret, layout)
        return self.show("panel/list.html", page)

    @expose("/count")
    def count_view(self) -> ResponseReturnValue:
        return jsonify(text=count_text(self.mounted, self.visit, self.session, request.args))

    @expose("/export.csv")
    def export_csv_view(self) -> ResponseReturnValue:
        return self._export("csv")

    @expose("/export.xlsx")
    def export_xlsx_view(self) -> ResponseReturnValue:
        return self._export("xlsx")

    def _export(self, kind: str) -> Response:
        mounted, visit, hooks = self.mounted, self.visit, self.hooks
        columns = shown_columns(mounted, hooks.layout(visit, mounted.slug), request.args)
        table = mounted.export_table(columns)
        query = read_query(mounted, visit, self.session, request.args, table)
        statements = segments(query.order, query.narrow(table.selection.statement()))
        stream = RowStream(mounted, visit, table, statements)
        now = hooks.now()
        with hooks.unit_of_work():
            filters = {name: value for name, value in query.params() if name not in ("sort", COLUMNS)}
            hooks.audit(visit, "export", {"slug": mounted.slug, "format": kind, "filters": filters}, now=now)
        pieces: Iterator[Any] = csv_stream(stream) if kind == "csv" else xlsx_stream(stream)
        first = next(pieces)  # a mistake in the statement is an error page, not a file that breaks off
        response = Response(_rest(first, pieces), mimetype="text/csv" if kind == "csv" else XLSX)
        day = now.astimezone(visit.time_zone).date()
        response.headers["Content-Disposition"] = f'attachment; filename="{mounted.slug}-{day:%Y-%m-%d}.{kind}"'
        response.headers["X-Accel-Buffering"] = "no"
        return response

    @expose("/lookup/<field>")
    def lookup_view(self, field: str) -> ResponseReturnValue:
        mounted = self.mounted
        sources = [maker.sources[field] for maker in mounted.forms.values() if field in maker.sources]
        sources += [bound.source for bound in mounted.filters if bound.source is not None and bound.param == field]
        return jsonify(sources[0].choices(self.session, self.visit, request.args.get("q", "")))

    @expose("/<key>")
    def details_view(self, key: str) -> ResponseReturnValue:
        if request.headers.get(FRAGMENT) == PEEK:
            return self._peek(key)
        page = details_page(self.mounted, self.visit, self.session, key_in(key), request.args.get(TAB, ""))
        if page is None:
            abort(404)
        answer = self.show(self.mounted.resource.template, page)
        self._note_opened(page.key)
        return answer

    def _peek(self, key: str) -> ResponseReturnValue:
        """The record's own fields, for a dialog over its list. It does not count as opened."""
        page = peek_page(self.mounted, self.visit, self.session, key_in(key))
        if page is None:
            abort(404)
        answer = make_response(self.show("panel/_peek.html", page))
        answer.headers["Vary"] = FRAGMENT
        return answer

    def _note_opened(self, key: str) -> None:
        opened = self.mounted.resource.opened
        row = find_row(self.mounted, self.visit, self.session, key) if opened is not None else None
        if opened is not None and row is not None:
            opened(self.visit, row)

    # Writing

    @expose("/new", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        typed = request.form if _posted() else request.args
        chosen = typed.get(self.mounted.resource.first.get("create", ""), "")
        answer = editing.create(self.mounted, self.visit, posted=_posted(), chosen=chosen)
        template = "panel/choose.html" if isinstance(answer.page, ChoosePage) else "panel/form.html"
        return self._answer(answer, template)

    @expose("/<key>/edit", methods=("GET", "POST"))
    def edit_view(self, key: str) -> ResponseReturnValue:
        return self._answer(editing.edit(self.mounted, self.visit, key_in(key), posted=_posted()), "panel/form.html")

    @expose("/<key>/delete", methods=("GET", "POST"))
    def delete_view(self, key: str) -> ResponseReturnValue:
        return self._answer(
            editing.delete(self.mounted, self.visit, key_in(key), posted=_posted()), "panel/action.html"
        )

    @expose("/<key>/<action>", methods=("GET", "POST"))
    def action_view(self, key: str, action: str) -> ResponseReturnValue:
        found = self.mounted.actions[action]
        return self._answer(
            acting.act(self.mounted, self.visit, found, key_in(key), posted=_posted()), "panel/action.html"
        )

    @expose("/bulk/<action>", methods=("GET", "POST"))
    def bulk_view(self, action: str) -> ResponseReturnValue:
        found, mounted, visit = self.mounted.actions[action], self.mounted, self.visit
        if ALL in request.args and not _posted():
            answer = acting.ask_for_all(mounted, visit, found, request.args[ALL])
        else:
            keys = request.values.getlist("id")
            answer = acting.act_on_many(mounted, visit, found, keys, posted=_posted())
        return self._answer(answer, "panel/action.html")

    def _answer(self, answer: editing.Answer, template: str) -> ResponseReturnValue:
        if answer.page is None:
            if answer.message:
                flash(answer.message, answer.tone)
            if answer.undo_url:
                flash(answer.undo_url, UNDO)
            return redirect(answer.url, code=303)
        if template == "panel/action.html" and request.headers.get(FRAGMENT) == "1":
            template = "panel/_action.html"
        return self.show(template, answer.page), answer.status

    # Small helpers

    def show(self, template: str, page: Any) -> str:
        return render_template(template, page=page, layout=self.realm.layout, visit=self.visit)

    @property
    def secret(self) -> str | bytes:
        found: str | bytes = current_app.secret_key or ""
        return found


def _posted() -> bool:
    return request.method == "POST"


def _rest(first: Any, pieces: Iterator[Any]) -> Iterator[Any]:
    """The first piece, read already, and the others; closed with them, so that the connection is given back."""
    try:
        yield from chain((first,), pieces)
    finally:
        pieces.close()  # type: ignore[attr-defined]

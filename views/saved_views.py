"""How a list stands for whoever looks: its columns, how close its rows are, and lists kept under a name (UX 8, 10)."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlencode

from flask import abort, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from domain.permissions import StaffRole
from domain.refusals import Refusal
from models import SavedView
from panel import EVERYONE, RealmPage, Visit
from panel.addresses import address
from panel.count import count_up_to
from panel.fields import TicksField
from panel.form import Form
from panel.forms import errors_of, refuse_nul, tell_fields
from panel.hooks import Layout, SavedList
from panel.layouts import choosable, fit, shown_columns, usual_columns
from panel.mounted import Mounted
from services.saved_views import (
    LONGEST_NAME,
    LONGEST_QUERY,
    default_view,
    keep_layout,
    keep_view,
    may_remove,
    open_list_as_usual,
    open_list_with,
    removable_view,
    remove_view,
    views_of_list,
)
from services.unit_of_work import unit_of_work
from views.locale import chosen, flash, said

MOST_COUNTED: Final = 99
NOBODY: Final = "nobody"
EVERYBODY: Final = "everybody"


class LayoutForm(Form):
    """The columns of one list, and how close its rows stand."""

    columns = TicksField("Columns", choices=[])
    rows = RadioField("Rows", choices=[("wide", "Roomy"), ("dense", "Close together")], default="wide")


class KeepForm(Form):
    """A name for a list as it is filtered and sorted just now."""

    query = HiddenField()
    name = StringField("Name", [InputRequired("Enter a name.")], render_kw={"maxlength": LONGEST_NAME})
    shared = BooleanField("Colleagues see it too")


class OpensForForm(Form):
    """For whom a list opens with a view."""

    opens_for = SelectField("The list opens with it for", choices=[])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        roles = [SelectChoice(role.value, chosen(role)) for role in StaffRole]
        self.opens_for.choices = [
            SelectChoice(NOBODY, said("Nobody")),
            SelectChoice(EVERYBODY, said("Everybody")),
            *roles,
        ]


def layout_of(visit: Visit, slug: str) -> Layout:
    """What the generator asks for each list: one statement."""
    views = views_of_list(visit.actor.person_id, visit.realm.name, slug) if visit.actor.person_id is not None else []
    default = default_view(views, visit.context.staff_role)
    own = next((each for each in views if not each.name and each.person_id == visit.actor.person_id), None)
    return Layout(
        columns=own.columns if own is not None else (),
        dense=own is not None and own.dense,
        saved=[_saved_list(each) for each in views if each.name],
        default=_saved_list(default) if default is not None else None,
        url=f"{visit.base_url}/{SavedViewsPage.slug}/{slug}",
        counts_url=f"{visit.base_url}/{SavedViewsPage.slug}/{slug}/counts",
    )


def _saved_list(view: SavedView) -> SavedList:
    return SavedList(view.public_id, view.name, view.query, view.shared)


class SavedViewsPage(RealmPage):
    """One page for every list of a realm that its visitor may open."""

    slug, title = "saved-views", "Columns and views"
    verbs: ClassVar[dict[str, str]] = {
        "index": EVERYONE,
        "show": EVERYONE,
        "layout": EVERYONE,
        "keep": EVERYONE,
        "remove": EVERYONE,
        "open_with": EVERYONE,
        "counts": EVERYONE,
    }

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Views are chosen above their lists."""
        return redirect(f"{self.visit.base_url}/", code=303)

    @expose("/<listed>")
    def show(self, listed: str) -> ResponseReturnValue:
        """Everything about one list; ``?query=`` is the list as it stands just now."""
        mounted = self._mounted(listed)
        return self._page(mounted, request.args.get("query", ""))

    @expose("/<listed>/layout", methods=("POST",))
    def layout(self, listed: str) -> ResponseReturnValue:
        """Keep the columns and the closeness."""
        mounted, visit = self._mounted(listed), self.visit
        form, query = self._layout_form(mounted), request.form.get("query", "")
        if refuse_nul(form) or not form.validate():
            return self._page(mounted, query, layout=form, status=422)
        with unit_of_work():
            keep_layout(
                self._person_id(),
                visit.realm.name,
                listed,
                columns=fit(mounted, form.columns.data or ()),
                dense=form.rows.data == "dense",
                actor=visit.actor,
                now=self.hooks.now(),
            )
        flash("The list stands as you chose.", "success")
        return redirect(_address(mounted, visit, query, without="columns"), code=303)

    @expose("/<listed>/views", methods=("POST",))
    def keep(self, listed: str) -> ResponseReturnValue:
        """Keep the list under a name."""
        mounted, visit, form = self._mounted(listed), self.visit, self._keep_form("")
        query = (form.query.data or "").replace("\0", "")
        if refuse_nul(form) or not form.validate():
            return self._page(mounted, query, keep=form, status=422)
        try:
            with unit_of_work():
                view = keep_view(
                    self._person_id(),
                    visit.realm.name,
                    listed,
                    name=form.name.data or "",
                    query=query,
                    shared=bool("shared" in form and form.shared.data),
                    actor=visit.actor,
                    now=self.hooks.now(),
                )
        except Refusal as refusal:
            fields = getattr(refusal, "fields", {})
            told = bool(fields) and tell_fields(form, fields)
            return self._page(mounted, query, keep=form, error="" if told else refusal.message, status=409)
        flash("The view is kept. It stands above the list.", "success")
        return redirect(_address(mounted, visit, view.query), code=303)

    @expose("/<listed>/views/<key>/remove", methods=("POST",))
    def remove(self, listed: str, key: str) -> ResponseReturnValue:
        """Forget a view."""
        mounted, visit = self._mounted(listed), self.visit
        if not FlaskForm().validate():
            return self._page(mounted, "", error="This page was open too long. Try again.", status=422)
        with unit_of_work():
            view = removable_view(key, self._person_id(), visit.realm.name, listed, visit.grants)
            if view is None:
                abort(404)
            remove_view(view, actor=visit.actor, now=self.hooks.now())
        flash("The view is removed. No record was touched.", "success")
        return redirect(self._url(mounted), code=303)

    @expose("/<listed>/views/<key>/opens-for", methods=("POST",))
    def open_with(self, listed: str, key: str) -> ResponseReturnValue:
        """Let the list open with a shared view for a role, for everybody or for nobody."""
        mounted, visit, form = self._mounted(listed), self.visit, OpensForForm()
        if not form.validate():
            return self._page(mounted, "", error="Choose for whom the list opens with it.", status=422)
        chosen_for = form.opens_for.data
        try:
            with unit_of_work():
                view = removable_view(key, self._person_id(), visit.realm.name, listed, visit.grants)
                if view is None or visit.owner_id is not None:
                    abort(404)
                if chosen_for == NOBODY:
                    open_list_as_usual(view, actor=visit.actor, now=self.hooks.now())
                else:
                    role = None if chosen_for == EVERYBODY else StaffRole(chosen_for)
                    open_list_with(view, role, actor=visit.actor, now=self.hooks.now())
        except Refusal as refusal:
            return self._page(mounted, "", error=refusal.message, status=409)
        flash("It is kept with what this list opens.", "success")
        return redirect(self._url(mounted), code=303)

    @expose("/<listed>/counts")
    def counts(self, listed: str) -> ResponseReturnValue:
        """How many rows each kept view has, by its key; more than 99 are not counted."""
        mounted, visit = self._mounted(listed), self.visit
        found = {}
        for each in layout_of(visit, listed).saved:
            asked = MultiDict(parse_qsl(each.query))
            number = count_up_to(mounted, visit, self.session, asked, MOST_COUNTED + 1)
            found[each.key] = f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)
        return jsonify(found)

    def _mounted(self, listed: str) -> Mounted:
        """The list, when there is one of this name here; 403 for who may not open it."""
        site = next(site for site in current_app.extensions["sites"] if site.realm is self.realm)
        mounted: Mounted | None = site.mounted.get(listed)
        if mounted is None or not mounted.grant("list"):
            abort(404)
        if not mounted.allows(self.visit, "list"):
            abort(403)
        return mounted

    def _person_id(self) -> int:
        found: int | None = self.visit.actor.person_id
        if found is None:
            abort(403)
        return found

    def _layout_form(self, mounted: Mounted) -> LayoutForm:
        layout = layout_of(self.visit, mounted.slug)
        columns = shown_columns(mounted, layout, MultiDict()) or usual_columns(mounted)
        form = LayoutForm(data={"columns": list(columns), "rows": "dense" if layout.dense else "wide"})
        form.columns.choices = [SelectChoice(column.name, said(label)) for column, label in choosable(mounted)]
        return form

    def _keep_form(self, query: str) -> KeepForm:
        form = KeepForm(data={"query": query[:LONGEST_QUERY]})
        if self.visit.owner_id is not None:
            del form.shared
        return form

    def _url(self, mounted: Mounted) -> str:
        return f"{self.visit.base_url}/{self.slug}/{mounted.slug}"

    def _page(
        self,
        mounted: Mounted,
        query: str,
        *,
        layout: LayoutForm | None = None,
        keep: KeepForm | None = None,
        error: str = "",
        status: int = 200,
    ) -> ResponseReturnValue:
        visit = self.visit
        views = views_of_list(self._person_id(), visit.realm.name, mounted.slug)
        removable = {view.public_id for view in views if may_remove(view, self._person_id(), visit.grants)}
        errors = [("", error)] if error else []
        errors += [mistake for form in (keep, layout) if form is not None for mistake in errors_of(form)]
        page = render_template(
            "pages/saved_views/index.html",
            layout=self.realm.layout,
            visit=visit,
            title=self.title,
            list_title=mounted.resource.title,
            list_url=_address(mounted, visit, query),
            columns=layout or self._layout_form(mounted),
            keep=keep or self._keep_form(query),
            query=query,
            views=[_shown(mounted, visit, each, removable) for each in views if each.name],
            token=FlaskForm(),
            errors=errors,
            url=self._url(mounted),
        )
        return page, status


def _shown(mounted: Mounted, visit: Visit, view: SavedView, removable: set[str]) -> dict[str, Any]:
    return {
        "key": address(view.public_id),
        "name": view.name,
        "shared": view.shared,
        "url": _address(mounted, visit, view.query),
        "removable": view.public_id in removable,
        "opens_for": _opens_for_form(view) if view.shared and view.public_id in removable else None,
        "opens": _who(view.default_role) if view.is_default else "",
    }


def _who(role: StaffRole | None) -> str:
    return chosen(role) if role is not None else said("Everybody")


def _opens_for_form(view: SavedView) -> OpensForForm:
    """Each view has such a form: its field is told apart by the key."""
    form = OpensForForm(
        formdata=None, data={"opens_for": (view.default_role or EVERYBODY) if view.is_default else NOBODY}
    )
    form.opens_for.id = f"opens-for-{view.public_id}"
    return form


def _address(mounted: Mounted, visit: Visit, query: str, *, without: str = "") -> str:
    """The address of the list under a query that somebody sent."""
    kept = urlencode([param for param in parse_qsl(query) if param[0] != without])
    return f"{mounted.url(visit)}?{kept}" if kept else mounted.url(visit)

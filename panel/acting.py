"""Running an action: ask first, then act on rows that are re-read, locked and still fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import abort
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.datastructures import MultiDict

from panel.actions import Action
from panel.editing import CONFLICT, OUT_OF_RANGE, Answer, refusal_text
from panel.fields import EmptyForm, TypedNameField
from panel.forms import errors_of, refuse_nul, tell_fields
from panel.listquery import read_query
from panel.mounted import Mounted
from panel.pages import ActionLink, ActionPage, CheckItem, RowResult
from panel.realm import Visit
from panel.rows import back_url, find_row, find_rows, key_of, label_of, row_url
from panel.words import gettext, ngettext, translated

MOST_ROWS = 500
TYPED = "typed_name"
TOO_OLD = "This page was open too long. Try again."


class _Unfit(Exception):
    """The row no longer meets the action's condition; says why. Ends the unit of work without a change."""


def act(mounted: Mounted, visit: Visit, action: Action, key: str, *, posted: bool) -> Answer:
    """Confirm, then run an action on one record: 404 out of scope, 409 when it no longer fits or is refused."""
    hooks = mounted.hooks
    session = hooks.session()
    row = find_row(mounted, visit, session, key)
    if row is None:
        abort(404)
    form = make_form(action, row, label_of(mounted, row))
    label, noun = label_of(mounted, row), mounted.resource.noun_label()
    url = f"{row_url(mounted, visit, row)}/{action.slug}"
    objects = [
        (f"{translated(noun)} {label}", row_url(mounted, visit, row) if mounted.allows(visit, "details") else "")
    ]

    also = [
        (other.label, f"{row_url(mounted, visit, row)}/{other.path}")
        for other in action.also
        if mounted.realm.name in other.realms
    ]

    def page(errors: Sequence[tuple[str, str]] = (), status: int = 200, instead: ActionLink | None = None) -> Answer:
        checks = action.checks(visit, row, hooks.now()) if action.checks is not None else ()
        back = back_url(mounted, visit, row)
        shown = _page(action, form, url, back, objects, errors, instead=instead, checks=checks, also=also, row=row)
        return Answer(shown, status)

    if not fits(action, row):
        return page([("", action.reason(row))], 409)
    if action.leads_to is not None:
        return Answer(url=f"{visit.base_url}/{action.leads_to(row)}")
    if not posted:
        return page()
    if not _valid(form):
        return page(_messages(form), 422)
    try:
        with hooks.unit_of_work():
            row = find_row(mounted, visit, session, key, lock=True)
            if row is None:
                abort(404)
            if not fits(action, row):
                raise _Unfit(action.reason(row))
            result = action.run(row, actor=visit.actor, now=hooks.now(), **values_of(form))
            message = translated(action.message(result))
            url = action.next_url(result) if action.next_url is not None else back_url(mounted, visit, row)
            undo_url = _undo_url(mounted, visit, action, row)
    except _Unfit as unfit:
        return page([("", str(unfit))], 409)
    except hooks.refusals as refused:
        at_fields = tell_fields(form, getattr(refused, "fields", {})) and errors_of(form)
        return page(at_fields or [("", refusal_text(refused))], 409, _instead(mounted, visit, row, refused))
    except (IntegrityError, DataError) as refused:
        return page([("", CONFLICT if isinstance(refused, IntegrityError) else OUT_OF_RANGE)], 409)
    return Answer(url=url, message=message, undo_url=undo_url)


def _undo_url(mounted: Mounted, visit: Visit, action: Action, row: Any) -> str:
    """Where the action is taken back, if this visit may do so and the record allows it."""
    undo = mounted.actions.get(action.undo) if action.undo else None
    if undo is None or not visit.allows(undo.grant) or not fits(undo, row):
        return ""
    return f"{row_url(mounted, visit, row)}/{undo.slug}"


def act_on_many(mounted: Mounted, visit: Visit, action: Action, keys: Sequence[str], *, posted: bool) -> Answer:
    """Confirm, then run an action on many records: each by itself, and what became of it is said for each."""
    hooks = mounted.hooks
    keys = list(dict.fromkeys(keys))
    if not keys:
        return Answer(url=mounted.url(visit), message=gettext("Choose at least one row first."), tone="warning")
    if len(keys) > MOST_ROWS:
        abort(400, gettext("At most %(count)s rows at a time.", count=MOST_ROWS))
    session = hooks.session()
    rows = find_rows(mounted, visit, session, keys, lock=False)
    if rows is None:
        abort(404)
    if action.many_lead_to:
        return Answer(url=f"{visit.base_url}/{action.many_lead_to}?{urlencode([('id', key) for key in keys])}")
    form = make_form(action)
    opens = mounted.allows(visit, "details")
    objects = [(label_of(mounted, row), row_url(mounted, visit, row) if opens else "") for row in rows]
    ids = [key_of(mounted, row) for row in rows]
    url, cancel = f"{mounted.url(visit)}bulk/{action.slug}", mounted.url(visit)
    if not posted:
        return Answer(_page(action, form, url, cancel, objects, (), ids))
    if not _valid(form):
        return Answer(_page(action, form, url, cancel, objects, _messages(form), ids), 422)
    results = []
    with hooks.unit_of_work():
        rows = find_rows(mounted, visit, session, keys, lock=True)
        if rows is None:
            abort(404)
        results += [_one(mounted, visit, action, row, values_of(form)) for row in rows]
    return Answer(_page(action, form, url, cancel, objects, (), (), results))


def ask_for_all(mounted: Mounted, visit: Visit, action: Action, asked: str) -> Answer:
    """Confirm an action on all rows that a list's address asks for (``asked``: its part after "?").

    What is posted afterwards names each row: nobody acts on one that was not shown.
    """
    session = mounted.hooks.session()
    query = read_query(mounted, visit, session, MultiDict(parse_qsl(asked)), mounted.list_table)
    rows = query.narrow(select(mounted.key))().order_by(mounted.primary_key).limit(MOST_ROWS + 1)
    keys = [str(key) for key in session.scalars(rows)]
    if len(keys) > MOST_ROWS:
        message = gettext("At most %(count)s rows at a time. Narrow the list by filters first.", count=MOST_ROWS)
        return Answer(url=query.address(query.params()), message=message, tone="warning")
    return act_on_many(mounted, visit, action, keys, posted=False)


def _one(mounted: Mounted, visit: Visit, action: Action, row: Any, values: dict[str, Any]) -> RowResult:
    """Run on one of many rows, in a savepoint of its own."""
    hooks, label = mounted.hooks, label_of(mounted, row)
    if not fits(action, row):
        return RowResult(label, "skipped", action.reason(row))
    try:
        with hooks.session().begin_nested():
            message = action.message(action.run(row, actor=visit.actor, now=hooks.now(), **values))
    except hooks.refusals as refused:
        return RowResult(label, "failed", refusal_text(refused))
    except (IntegrityError, DataError) as refused:
        return RowResult(label, "failed", CONFLICT if isinstance(refused, IntegrityError) else OUT_OF_RANGE)
    return RowResult(label, "done", message)


def fits(action: Action, row: Any) -> bool:
    """Whether the action is possible on the row as it is now."""
    return not action.condition or bool(getattr(row, action.condition))


def make_form(action: Action, row: Any = None, label: str = "") -> FlaskForm:
    """The form of an action, filled from the request if it was posted, else as the record has it."""
    values = action.fill(row) if action.fill is not None and row is not None else {}
    form_class: type[FlaskForm] = action.form or EmptyForm
    if action.typed:
        form_class = type(
            "TypedForm",
            (form_class,),
            {TYPED: TypedNameField(gettext("Type “%(name)s” to confirm", name=label), wanted=label)},
        )
    return form_class(data=values)


def values_of(form: FlaskForm) -> dict[str, Any]:
    """The form's values, as keyword arguments of the action."""
    return {field.short_name: field.data for field in form if field.short_name not in ("csrf_token", "submit", TYPED)}


def _valid(form: FlaskForm) -> bool:
    valid = bool(form.validate())
    return not refuse_nul(form) and valid


def _messages(form: FlaskForm) -> list[tuple[str, str]]:
    return errors_of(form) or [("", TOO_OLD)]


def _page(
    action: Action,
    form: FlaskForm,
    url: str,
    cancel_url: str,
    objects: Sequence[tuple[str, str]],
    errors: Sequence[tuple[str, str]] = (),
    ids: Sequence[str] = (),
    results: Sequence[RowResult] = (),
    instead: ActionLink | None = None,
    checks: Sequence[CheckItem] = (),
    also: Sequence[tuple[str, str]] = (),
    row: Any = None,
) -> ActionPage:
    of = objects[0][0] if len(objects) == 1 else ngettext("%(num)s row", "%(num)s rows", len(objects))
    return ActionPage(
        title=f"{translated(action.label)}: {of}",
        label=action.label,
        confirm=action.question(row),
        danger=action.danger,
        objects=objects,
        form=form,
        url=url,
        cancel_url=cancel_url,
        ids=ids,
        errors=errors,
        results=results,
        also=also,
        instead=instead,
        checks=checks,
    )


def _instead(mounted: Mounted, visit: Visit, row: Any, refused: Exception) -> ActionLink | None:
    """The act that a refusal names (``instead``: the last part of its address), where this visit may try it."""
    action = mounted.actions.get(str(getattr(refused, "instead", "")))
    if action is None or row is None or not visit.allows(action.grant):
        return None
    return ActionLink(action.slug, action.label, f"{row_url(mounted, visit, row)}/{action.slug}", action.danger)

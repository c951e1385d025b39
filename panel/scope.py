"""Two locks that keep a visit within its owner's rows.

The first is the explicit predicate that every statement of the panel carries (``own_rows``). The second is a guard on
the session, which narrows each ORM statement on an owned class, whoever wrote it (``install_guard``). Neither sees Core
statements or raw SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

from sqlalchemy import ColumnClause, ColumnElement, event, false, true
from sqlalchemy import column as named
from sqlalchemy.orm import ORMExecuteState, Session, scoped_session, sessionmaker, with_loader_criteria
from sqlalchemy.orm.util import LoaderCriteriaOption

_first_lock: ContextVar[bool] = ContextVar("panel_first_lock", default=True)
_second_lock: ContextVar[bool] = ContextVar("panel_second_lock", default=True)
# Not asked of SQLAlchemy: its registry knows targets by their id, which a later object may have again.
_guarded: WeakSet[Any] = WeakSet()
_current: ContextVar[Scope | None] = ContextVar("panel_scope", default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Whose rows may be seen: those of ``owner_id``, or of each owner that ``owners`` selects. None sees nothing."""

    owned: type[Any]
    column: str
    owner_id: int | None
    owners: Any = None

    def holds(self, model: type[Any]) -> bool:
        """Whether rows of the model belong to an owner."""
        return issubclass(model, self.owned)

    def predicate(self, entity: Any) -> ColumnElement[bool]:
        """The owner's rows of an owned class or an alias of it; nothing without an owner."""
        if self.owner_id is None:
            return false()
        column = getattr(entity, self.column)
        found: ColumnElement[bool] = column == self.owner_id if self.owners is None else column.in_(self.owners)
        return found

    def criteria(self) -> LoaderCriteriaOption:
        """The same as an option, for every owned class of a statement."""
        # SQLAlchemy keeps these lambdas by their code and takes the values of their closures anew each time. The name
        # of the column is no value: it goes in as an expression, which belongs to what the lambda is kept by.
        name: ColumnClause[Any] = named(self.column)
        owner_id, owners = self.owner_id, self.owners

        if owner_id is None:
            return with_loader_criteria(self.owned, lambda _cls: false(), include_aliases=True)
        if owners is None:
            return with_loader_criteria(self.owned, lambda cls: _owner(cls, name) == owner_id, include_aliases=True)
        # IS TRUE: joined to the owners by both locks, a planner takes the rows for few and sorts all of them instead of
        # walking down an index. So the second asks each row (measured: bench/licenses.py, the pages of a reseller).
        return with_loader_criteria(
            self.owned, lambda cls: _owner(cls, name).in_(owners).is_(true()), include_aliases=True
        )


def _owner(entity: Any, name: ColumnClause[Any]) -> Any:
    return getattr(entity, name.name)


def own_rows(
    scope: Scope | None, model: type[Any], entity: Any, also: Callable[[int], Any] | None = None
) -> tuple[ColumnElement[bool], ...]:
    """The first lock: what every statement on the model carries. ``also`` narrows further, or stands alone."""
    if scope is None or not _first_lock.get():
        return ()
    if scope.owner_id is None:
        return (false(),)
    found = [scope.predicate(entity)] if scope.holds(model) else []
    if also is not None:
        found.append(also(scope.owner_id))
    return tuple(found) if found else (false(),)


def install_guard(session_factory: scoped_session[Session] | sessionmaker[Session]) -> None:
    """The second lock: narrow every ORM statement of these sessions to the scope in force.

    Asked for each program that is made in a process, it narrows once: each further time would cost every statement one
    more condition.
    """
    if session_factory not in _guarded:
        event.listen(session_factory, "do_orm_execute", narrow)
        _guarded.add(session_factory)


def narrow(state: ORMExecuteState) -> None:
    """The guard itself."""
    if not state.is_column_load and (state.is_select or state.is_update or state.is_delete):
        state.statement = guarded(state.statement, _current.get())


def guarded(statement: Any, scope: Scope | None) -> Any:
    """An ORM statement under the second lock, for whoever executes it without a session: an export outlives its own."""
    return statement if scope is None or not _second_lock.get() else statement.options(scope.criteria())


def enter(scope: Scope | None) -> None:
    """Put a scope in force until ``leave``: for a request, which is left at its teardown."""
    _current.set(scope)


def leave() -> None:
    _current.set(None)


def current_scope() -> Scope | None:
    return _current.get()


@contextmanager
def unscoped(reason: str) -> Iterator[None]:
    """Lift the second lock for a rule that must look across owners, and say why."""
    if not reason:
        raise ValueError("say why the rows of all owners are needed")
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def without_others() -> Iterator[None]:
    """The owner's own rows again, where a list shows those of other owners: for what frames it."""
    found = _current.get()
    token = _current.set(found and replace(found, owners=None))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def switched_off(*, first: bool = False, second: bool = False) -> Iterator[None]:
    """For tests only: prove one lock by switching the other off."""
    tokens = (_first_lock.set(_first_lock.get() and not first), _second_lock.set(_second_lock.get() and not second))
    try:
        yield
    finally:
        _first_lock.reset(tokens[0])
        _second_lock.reset(tokens[1])

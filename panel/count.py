"""How many rows a list has: asked for after the page is shown, and never counted to the end."""

from __future__ import annotations

from flask_babel import format_decimal
from sqlalchemy import Float, column, func, select, table
from sqlalchemy.orm import Session

from panel.filtering import Address
from panel.listquery import ListQuery, read_query
from panel.mounted import Mounted
from panel.realm import Visit
from panel.words import gettext

MOST_COUNTED = 1000


def count_text(mounted: Mounted, visit: Visit, session: Session, asked: Address) -> str:
    """The number of rows in words: exact up to a thousand, else the planner's estimate or "more than 1,000"."""
    query = read_query(mounted, visit, session, asked, mounted.list_table)
    if not query.filtered and not mounted.own(visit) and not mounted.realm.scoped:
        estimate = _estimate(mounted, session)
        if estimate > MOST_COUNTED:
            return gettext("about %(count)s", count=str(format_decimal(estimate)))
    found = _counted(query, session, MOST_COUNTED + 1)
    if found > MOST_COUNTED:
        return gettext("more than %(count)s", count=str(format_decimal(MOST_COUNTED)))
    return str(format_decimal(found))


def _estimate(mounted: Mounted, session: Session) -> int:
    """What PostgreSQL believes the table holds; 0 elsewhere."""
    if session.get_bind().dialect.name != "postgresql":
        return 0
    catalogue = table("pg_class", column("reltuples", Float), column("oid"))
    name = mounted.model.__table__.fullname
    statement = select(catalogue.c.reltuples).where(catalogue.c.oid == func.to_regclass(name))
    return int(session.execute(statement).scalar() or 0)


def count_up_to(mounted: Mounted, visit: Visit, session: Session, asked: Address, most: int) -> int:
    """The number of rows an address asks for; ``most`` stands for all beyond it."""
    return _counted(read_query(mounted, visit, session, asked, mounted.list_table), session, most)


def _counted(query: ListQuery, session: Session, most: int) -> int:
    some = query.narrow(select(query.mounted.primary_key))().limit(most).subquery()
    return int(session.execute(select(func.count(some.c[0]))).scalar_one())

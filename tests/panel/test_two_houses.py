"""The generator serves several houses in one process: what the second lock keeps of one is not taken for the other."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from panel.scope import Scope


class House(DeclarativeBase):
    pass


class OfShop:
    shop_id: Mapped[int] = mapped_column()


class OfFarm:
    farm_id: Mapped[int] = mapped_column()


class Shelf(OfShop, House):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)


class Barn(OfFarm, House):
    __tablename__ = "barn"
    id: Mapped[int] = mapped_column(primary_key=True)


def narrowed(model, scope):
    return str(select(model).options(scope.criteria()))


def test_each_house_is_narrowed_by_its_own_column():
    shop, farm = Scope(OfShop, "shop_id", 7), Scope(OfFarm, "farm_id", 7)
    for _again in range(2):
        assert "WHERE shelf.shop_id = " in narrowed(Shelf, shop)
        assert "WHERE barn.farm_id = " in narrowed(Barn, farm)
        assert "WHERE" not in narrowed(Barn, shop)


def test_owners_that_are_selected_are_narrowed_by_their_own_column_too():
    shop = Scope(OfShop, "shop_id", 7, owners=select(Shelf.shop_id))
    farm = Scope(OfFarm, "farm_id", 7, owners=select(Barn.farm_id))
    for _again in range(2):
        assert "WHERE (shelf.shop_id IN (SELECT" in narrowed(Shelf, shop)
        assert "WHERE (barn.farm_id IN (SELECT" in narrowed(Barn, farm)

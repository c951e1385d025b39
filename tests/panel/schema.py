"""A second schema, with nothing in common with the house: gardens, their beds and plants, and a catalogue of species."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Kind(enum.StrEnum):
    HERB = "herb"
    TREE = "tree"
    CLIMBING_ROSE = "climbing_rose"


class Health(enum.StrEnum):
    WELL = "well"
    THIRSTY = "thirsty"
    DEAD = "dead"


class UtcMoment(TypeDecorator[dt.datetime]):
    """An aware moment."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def choice(of: type[enum.StrEnum]) -> Enum:
    return Enum(of, native_enum=False, length=20, values_callable=lambda members: [member.value for member in members])


def sorting(table: str, *columns: str) -> tuple[Index, ...]:
    """What the lists need to be sorted, over all gardens and within one."""
    made = []
    for column in columns:
        made.append(Index(f"ix_{table}_{column}", column, "id"))
        made.append(Index(f"ix_{table}_garden_{column}", "garden_id", column, "id"))
    return tuple(made)


def searching(table: str, column: str) -> Index:
    return Index(f"ix_{table}_{column}_search", column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})


class GardenOwned:
    """The row belongs to one garden."""

    garden_id: Mapped[int] = mapped_column(ForeignKey("garden.id"))


class Garden(Base):
    __tablename__ = "garden"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("garden.id"))
    __table_args__ = (searching("garden", "name"), Index("ix_garden_name", "name", "id"))


class Species(Base):
    """In the catalogue: it belongs to nobody."""

    __tablename__ = "species"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))


class Bed(GardenOwned, Base):
    __tablename__ = "bed"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    soil: Mapped[str | None] = mapped_column(String(20), info={"kind": "listed:soils"})
    zone: Mapped[str] = mapped_column(String(20), default="mild", info={"kind": "code:zones"})
    garden: Mapped[Garden] = relationship(lazy="raise")
    plants: Mapped[list[Plant]] = relationship(back_populates="bed", lazy="raise", foreign_keys="Plant.bed_id")
    namesakes: Mapped[list[Plant]] = relationship(
        primaryjoin="foreign(Plant.name) == Bed.name", lazy="raise", viewonly=True
    )  # whoever owns them: the locks alone keep those of others out
    __table_args__ = (UniqueConstraint("garden_id", "id"), *sorting("bed", "name"))


class Plant(GardenOwned, Base):
    __tablename__ = "plant"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    health: Mapped[Health] = mapped_column(choice(Health), default=Health.WELL)
    height: Mapped[int | None] = mapped_column(Integer)
    planted_on: Mapped[dt.date | None]
    watered_at: Mapped[dt.datetime | None] = mapped_column(UtcMoment)
    price: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "money", "currency": "currency"})
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    rare: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[Any] | None] = mapped_column(JSON)
    water_left: Mapped[int] = mapped_column(default=3)
    version: Mapped[int] = mapped_column(default=1)
    bed_id: Mapped[int | None] = mapped_column()
    species_id: Mapped[int | None] = mapped_column(ForeignKey("species.id"))
    garden: Mapped[Garden] = relationship(lazy="raise")
    bed: Mapped[Bed | None] = relationship(back_populates="plants", lazy="raise", foreign_keys=[bed_id])
    species: Mapped[Species | None] = relationship(lazy="raise")
    waterings: Mapped[list[Watering]] = relationship(
        back_populates="plant", lazy="raise", foreign_keys="Watering.plant_id"
    )
    __table_args__ = (
        UniqueConstraint("garden_id", "id"),
        ForeignKeyConstraint(["garden_id", "bed_id"], ["bed.garden_id", "bed.id"]),
        CheckConstraint("water_left >= 0"),
        *sorting("plant", "name", "planted_on", "watered_at", "height", "price"),
        searching("plant", "code"),
        searching("plant", "name"),
    )

    @hybrid_property
    def can_water(self) -> bool:
        return self.water_left > 0 and self.health != Health.DEAD

    @can_water.inplace.expression
    @classmethod
    def _can_water(cls) -> Any:
        return and_(cls.water_left > 0, cls.health != Health.DEAD)


class Watering(GardenOwned, Base):
    __tablename__ = "watering"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    plant_id: Mapped[int] = mapped_column()
    litres: Mapped[int]
    plant: Mapped[Plant] = relationship(back_populates="waterings", lazy="raise", foreign_keys=[plant_id])
    __table_args__ = (ForeignKeyConstraint(["garden_id", "plant_id"], ["plant.garden_id", "plant.id"]),)

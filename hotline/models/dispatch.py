"""The dispatch catalogue: which unit gets which orders, in whole versions that are only ever added; and who assists."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Column, ForeignKey, Index, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.people import Unit, User
from hotline.rules.facts import Category

if TYPE_CHECKING:
    from hotline.models.orders import Order


class CatalogueVersion(Base):
    """One whole catalogue of a unit, as somebody left it; `number` counts the unit's own from 1."""

    __tablename__ = "catalogue_versions"
    __table_args__ = (UniqueConstraint("unit_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    number: Mapped[int]
    note: Mapped[str] = mapped_column(Text)
    # None: somebody at the command line.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    made_at: Mapped[datetime]

    unit: Mapped[Unit] = relationship()
    user: Mapped[User | None] = relationship()
    rows: Mapped[list["CatalogueRow"]] = relationship(back_populates="version", order_by="CatalogueRow.id")


_assistants = Table(
    "catalogue_row_assistants",
    Base.metadata,
    Column("row_id", ForeignKey("catalogue_rows.id", ondelete="RESTRICT"), primary_key=True),
    Column("unit_id", ForeignKey("units.id", ondelete="RESTRICT"), primary_key=True, index=True),
)


class CatalogueRow(Base):
    """Orders of a category, or any, at a place or below it, or anywhere, go to `unit`; `assisting` units help."""

    __tablename__ = "catalogue_rows"
    __table_args__ = (UniqueConstraint("version_id", "category", "place_id", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("catalogue_versions.id", ondelete="RESTRICT"))
    category: Mapped[Category | None] = mapped_column(text_enum(Category))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)

    version: Mapped[CatalogueVersion] = relationship(back_populates="rows")
    place: Mapped[Unit | None] = relationship(foreign_keys=[place_id])
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    assisting: Mapped[list[Unit]] = relationship(secondary=_assistants, order_by=Unit.code)


class CatalogueUse(Base):
    """Which version a unit used from when on; the newest counts, and one without a version means none of its own."""

    __tablename__ = "catalogue_uses"
    __table_args__ = (Index("ix_catalogue_uses_unit_id_id", "unit_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("catalogue_versions.id", ondelete="RESTRICT"), index=True)
    used_from: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)

    version: Mapped[CatalogueVersion | None] = relationship()
    user: Mapped[User | None] = relationship()


class OrderAssistant(Base):
    """A unit that assists the order's holder now: it sees the order and reports what it did."""

    __tablename__ = "order_assistants"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), primary_key=True, index=True)
    since: Mapped[datetime]

    order: Mapped["Order"] = relationship(back_populates="assistants")
    unit: Mapped[Unit] = relationship()

"""The organisation: units in their tree, the places they serve, the numbers they answer, and their people."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.rules.roles import Role


class Level(StrEnum):
    """What kind of unit: the first five are places, the last two are whom orders are referred to."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    DEPARTMENT = "department"
    CHARITY = "charity"


class Unit(Base):
    """A body that holds orders. `path` is the chain of ids from the top, `/1/5/9/`: a prefix is a subtree."""

    __tablename__ = "units"
    __table_args__ = (Index("ix_units_path", "path", postgresql_ops={"path": "text_pattern_ops"}, unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    level: Mapped[Level] = mapped_column(text_enum(Level))
    name: Mapped[str] = mapped_column(String(120))
    aliases: Mapped[list[str]] = mapped_column(ARRAY(String(120)), server_default=text("'{}'"))
    path: Mapped[str] = mapped_column(Text)
    policy: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))

    parent: Mapped["Unit | None"] = relationship(remote_side=[id])
    places: Mapped[list["Place"]] = relationship(back_populates="unit", cascade="all, delete-orphan")


class Place(Base):
    """A street or well-known spot, and the unit that serves it."""

    __tablename__ = "places"
    __table_args__ = (Index("uq_places_name_unit_id", "name", "unit_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))

    unit: Mapped[Unit] = relationship(back_populates="places")


class Line(Base):
    """A number that people dial, the unit it belongs to, and where key 0 leads."""

    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    duty_number: Mapped[str | None] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(12), server_default="zh-CN")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    unit: Mapped[Unit] = relationship()


class User(Base):
    """A person who works with the service; sees the orders of the unit and of all below it."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    language: Mapped[str | None] = mapped_column(String(12))
    # Where the person is rung when on duty, as the carrier takes it.
    phone: Mapped[str | None] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime]
    # Changes whenever all of the person's sign-ins must end: signed out, a new password, a person put out of service.
    session_key: Mapped[str] = mapped_column(String(64))

    unit: Mapped[Unit] = relationship()
    role_rows: Mapped[list["UserRole"]] = relationship(back_populates="user", cascade="all, delete-orphan")

    @property
    def roles(self) -> frozenset[Role]:
        """All roles the person holds."""
        return frozenset(row.role for row in self.role_rows)


class UserRole(Base):
    """One role of one person."""

    __tablename__ = "user_roles"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(text_enum(Role), primary_key=True)

    user: Mapped[User] = relationship(back_populates="role_rows")

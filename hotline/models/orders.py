"""Work orders, their append-only history, the facts they rest on, and the results reported."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    FetchedValue,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.calls import Call, Origin, TextMessage, Transcript
from hotline.models.dispatch import CatalogueRow, OrderAssistant
from hotline.models.people import Unit, User
from hotline.models.results import Approval, Attachment, Result
from hotline.models.writing import OutreachEvent, Statement
from hotline.rules.facts import Category, FactName, Urgency
from hotline.rules.intake import Channel
from hotline.rules.order_states import Move, OrderState, Remark

if TYPE_CHECKING:
    from hotline.models.supervision import Extension, Pause
    from hotline.models.surveys import SurveyRound


class OrderNumberDay(Base):
    """The last number given out on a local day."""

    __tablename__ = "order_number_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int]


_OF_THE_DATABASE: dict[str, Any] = {
    "server_default": FetchedValue(),
    "server_onupdate": FetchedValue(),
    "deferred": True,
}


class Order(Base):
    """A matter that waits for its answer. `unit` holds it now; `intake_unit` is whose line it came in on."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_unit_id_state_received_at", "unit_id", "state", "received_at"),
        Index("ix_orders_intake_unit_id_received_at", "intake_unit_id", "received_at"),
        Index(
            "ix_orders_unsigned_emergencies",
            "clocks_started_at",
            postgresql_where=text("urgency = 'emergency' and accepted_at is null"),
        ),
        Index("ix_orders_look_at", "look_at", postgresql_where=text("look_at is not null")),
        # Those that somebody of ours has to act on: few among the many that are over.
        Index(
            "ix_orders_uncleared",
            "unit_id",
            postgresql_where=text("state not in ('resolved', 'answered', 'closed', 'merged', 'invalid')"),
        ),
        # A list, most pressing first: all of it, what is open, or one kind of what has ended.
        Index("ix_orders_pressing_id", "pressing", "id"),
        Index(
            "ix_orders_open", "pressing", "id", postgresql_where=text("state not in ('closed', 'merged', 'invalid')")
        ),
        Index("ix_orders_category_pressing_id", "category", "pressing", "id"),
        Index("ix_orders_urgency_pressing_id", "urgency", "pressing", "id"),
        # What ended seldom this way would be looked for among all that ended as it should.
        Index("ix_orders_gone", "state", "pressing", "id", postgresql_where=text("state in ('merged', 'invalid')")),
        # What one unit sees. Without the list of changes that a reader would have to go through.
        Index("ix_orders_seen_by", "seen_by", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        # By its beginning too, whatever collation the database has.
        Index("uq_orders_number", "number", unique=True, postgresql_ops={"number": "varchar_pattern_ops"}),
        CheckConstraint("(state = 'merged') = (merged_into_id is not null)", name="merged_names_its_target"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        CheckConstraint("(reported_at is null) = (decide_by is null)", name="what_waits_has_a_limit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(nullable=False)
    channel: Mapped[Channel] = mapped_column(text_enum(Channel))
    state: Mapped[OrderState] = mapped_column(text_enum(OrderState))
    urgency: Mapped[Urgency] = mapped_column(text_enum(Urgency))
    category: Mapped[Category | None] = mapped_column(text_enum(Category))
    summary: Mapped[str | None] = mapped_column(Text)
    intake_unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    # The department or charity that has the matter, or settled it; none once it is ours again.
    referred_to_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    # Rung back by the survey: the number that called, unless a person corrected it.
    number_to_ring: Mapped[str | None] = mapped_column(String(20), index=True)
    is_secret: Mapped[bool] = mapped_column(server_default=text("false"))
    # Who cannot speak or hear, or wrote to us: asked and told in writing, the callback too.
    is_by_text: Mapped[bool] = mapped_column(server_default=text("false"))
    # In the address at which whoever wrote sees how the matter stands; nobody can guess it.
    status_token: Mapped[str | None] = mapped_column(String(43), unique=True)
    outreach_event_id: Mapped[int | None] = mapped_column(
        ForeignKey("outreach_events.id", ondelete="RESTRICT"), index=True
    )
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    returns: Mapped[int] = mapped_column(server_default="0")
    resolutions: Mapped[int] = mapped_column(server_default="0")
    received_at: Mapped[datetime] = mapped_column(index=True)
    # The present run of work; each reopening moves them into `past_clocks` and begins anew.
    clocks_started_at: Mapped[datetime]
    accept_by: Mapped[datetime | None]
    contact_by: Mapped[datetime | None]
    resolve_by: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # Since when a result waits for a supervisor's word, if one does: the step is done for as long as it waits.
    reported_at: Mapped[datetime | None]
    # Until when that word is due.
    decide_by: Mapped[datetime | None]
    # Since when contact and resolve clocks stand still, if they do.
    paused_at: Mapped[datetime | None]
    # When supervision looks next; None when nothing is left to tell. No change of the order, so no new version.
    look_at: Mapped[datetime | None]
    # Kept by the database, for lists: the clock that ends next; the place in a list, higher for what is more pressing;
    # and the ids of all units that see the order, those above its holders included.
    due_at: Mapped[datetime | None] = mapped_column(**_OF_THE_DATABASE)
    pressing: Mapped[int] = mapped_column(BigInteger, **_OF_THE_DATABASE)
    seen_by: Mapped[list[int]] = mapped_column(ARRAY(Integer), **_OF_THE_DATABASE)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as it stands

    intake_unit: Mapped[Unit] = relationship(foreign_keys=[intake_unit_id])
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    place: Mapped[Unit | None] = relationship(foreign_keys=[place_id])
    referred_to: Mapped[Unit | None] = relationship(foreign_keys=[referred_to_id])
    handler: Mapped[User | None] = relationship()
    calls: Mapped[list[Call]] = relationship(
        back_populates="order", foreign_keys=[Call.order_id], order_by=Call.started_at
    )
    statements: Mapped[list[Statement]] = relationship(back_populates="order", order_by=Statement.made_at)
    messages: Mapped[list[TextMessage]] = relationship(order_by=TextMessage.id)
    outreach_event: Mapped[OutreachEvent | None] = relationship()
    assistants: Mapped[list[OrderAssistant]] = relationship(
        back_populates="order", order_by=OrderAssistant.unit_id, cascade="all, delete-orphan"
    )
    history: Mapped[list["OrderEvent"]] = relationship(back_populates="order", order_by="OrderEvent.id")
    past_clocks: Mapped[list["OrderClocks"]] = relationship(back_populates="order", order_by="OrderClocks.run")
    pauses: Mapped[list["Pause"]] = relationship(back_populates="order", order_by="Pause.id")
    extensions: Mapped[list["Extension"]] = relationship(back_populates="order", order_by="Extension.id")
    facts: Mapped[list["Fact"]] = relationship(back_populates="order", order_by="Fact.id")
    results: Mapped[list[Result]] = relationship(back_populates="order", order_by=Result.resolution)
    approvals: Mapped[list[Approval]] = relationship(back_populates="order", order_by=Approval.id)
    attachments: Mapped[list[Attachment]] = relationship(back_populates="order", order_by=Attachment.id)
    survey_rounds: Mapped[list["SurveyRound"]] = relationship(back_populates="order", order_by="SurveyRound.resolution")


class OrderClocks(Base):
    """The clocks of a run of work that a reopening ended, with what was done by then: a breach stays on record."""

    __tablename__ = "order_clocks"
    __table_args__ = (UniqueConstraint("order_id", "run"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    # 0 until the first reopening, and so on.
    run: Mapped[int]
    started_at: Mapped[datetime]
    accept_by: Mapped[datetime | None]
    contact_by: Mapped[datetime | None]
    resolve_by: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(back_populates="past_clocks")


class OrderEvent(Base):
    """One row of an order's history; the database refuses to change or remove it."""

    __tablename__ = "order_events"
    __table_args__ = (
        Index("ix_order_events_triaged", "at", "order_id", postgresql_where=text("move = 'triage'")),
        CheckConstraint("move is null or remark is null", name="move_or_remark"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    # None for `received` and for what is no move.
    move: Mapped[Move | None] = mapped_column(text_enum(Move))
    remark: Mapped[Remark | None] = mapped_column(text_enum(Remark))
    from_state: Mapped[OrderState | None] = mapped_column(text_enum(OrderState, "from_state"))
    to_state: Mapped[OrderState] = mapped_column(text_enum(OrderState, "to_state"))
    # None: the system itself.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    # Beside the holder: the unit that assists, or the body that the order was referred to.
    other_unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    # By which the order was dispatched; it knows its version.
    catalogue_row_id: Mapped[int | None] = mapped_column(
        ForeignKey("catalogue_rows.id", ondelete="RESTRICT"), index=True
    )
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]

    order: Mapped[Order] = relationship(back_populates="history")
    user: Mapped[User | None] = relationship()
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    other_unit: Mapped[Unit | None] = relationship(foreign_keys=[other_unit_id])
    catalogue_row: Mapped[CatalogueRow | None] = relationship()


class Fact(Base):
    """One version of one fact. A person's version stands above every machine's, whichever came last."""

    __tablename__ = "facts"
    __table_args__ = (
        Index("ix_facts_order_id_name", "order_id", "name"),
        CheckConstraint("(origin = 'person') = (user_id is not null)", name="person_named"),
        # Understanding the same words twice adds nothing.
        Index(
            "uq_facts_machine",
            "order_id",
            "name",
            "transcript_id",
            unique=True,
            postgresql_where=text("origin = 'machine' and transcript_id is not null"),
        ),
        Index(
            "uq_facts_machine_statement",
            "order_id",
            "name",
            "statement_id",
            unique=True,
            postgresql_where=text("origin = 'machine' and statement_id is not null"),
        ),
        CheckConstraint("num_nonnulls(transcript_id, statement_id) <= 1", name="one_source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    name: Mapped[FactName] = mapped_column(text_enum(FactName))
    # {"value": ...}: a string, number, list or null, wrapped so that null is a statement too.
    content: Mapped[dict[str, Any]]
    # [{text, start, end, start_s, end_s}]: where in the transcript or statement, characters and seconds.
    evidence: Mapped[list[Any]]
    confidence: Mapped[float | None]
    origin: Mapped[Origin] = mapped_column(text_enum(Origin))
    transcript_id: Mapped[int | None] = mapped_column(ForeignKey("transcripts.id", ondelete="RESTRICT"), index=True)
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("statements.id", ondelete="RESTRICT"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    made_at: Mapped[datetime]

    order: Mapped[Order] = relationship(back_populates="facts")
    transcript: Mapped[Transcript | None] = relationship()
    statement: Mapped[Statement | None] = relationship()
    user: Mapped[User | None] = relationship()

    @property
    def value(self) -> Any:
        """The statement itself; None says that there is nothing to say."""
        return self.content["value"]

"""Pauses, extensions, the working calendar, and the supervision of orders near or past their limits."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ACTIONS = (
    "calendar_changed",
    "emergency_mode_set",
    "pause_asked",
    "pause_decided",
    "pause_ended",
    "extension_asked",
    "extension_decided",
    "order_supervised",
    "notice_seen",
    "policy_set",
)
_REMARKS = (
    "pause_asked",
    "paused",
    "pause_refused",
    "resumed",
    "extension_asked",
    "extended",
    "extension_refused",
    "tightened",
    "supervised",
)


def upgrade() -> None:
    _allow_more("audit_log", "action", _ACTIONS)
    _allow_more("order_events", "remark", _REMARKS)
    _make_calendar_days()
    _make_uncleared_lists()
    _make_emergency_modes()
    _make_extensions()
    _make_notices()
    _make_pauses()
    _make_uncleared_orders()
    _make_notice_readers()
    _add_to_orders()
    # Supervision looks at whatever somebody has to act on.
    op.execute(
        """
        update orders set look_at = clocks_started_at
        where state not in ('resolved', 'answered', 'closed', 'merged', 'invalid')
        """
    )


def downgrade() -> None:
    op.drop_index("ix_orders_uncleared", table_name="orders")
    op.drop_index("ix_orders_look_at", table_name="orders")
    op.drop_column("orders", "look_at")
    op.drop_column("orders", "paused_at")
    for table in (
        "notice_readers",
        "uncleared_orders",
        "pauses",
        "notices",
        "extensions",
        "emergency_modes",
        "uncleared_lists",
        "calendar_days",
    ):
        op.drop_table(table)
    # What audit log and history say stays, and so do the lists of what they may say.


def _allow_more(table: str, column: str, values: tuple[str, ...]) -> None:
    """Add to what the column may hold, whatever that was; on the way up again nothing is new."""
    name = op.f(f"ck_{table}_{column}")
    written = op.get_bind().scalar(
        sa.text("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"), {"name": name}
    )
    before = re.findall(r"'(\w+)'", written or "")
    op.drop_constraint(name, table)
    allowed = [*before, *(value for value in values if value not in before)]
    op.create_check_constraint(name, table, sa.column(column).in_(allowed))


def _make_calendar_days() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("holiday", "workday", name="day_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_calendar_days_unit_id_units"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
        sa.UniqueConstraint(
            "unit_id", "day", name=op.f("uq_calendar_days_unit_id_day"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index(op.f("ix_calendar_days_day"), "calendar_days", ["day"], unique=False)


def _make_uncleared_lists() -> None:
    op.create_table(
        "uncleared_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_uncleared_lists_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uncleared_lists")),
        sa.UniqueConstraint("unit_id", "day", name=op.f("uq_uncleared_lists_unit_id_day")),
    )
    op.create_index(op.f("ix_uncleared_lists_day"), "uncleared_lists", ["day"], unique=False)


def _make_emergency_modes() -> None:
    op.create_table(
        "emergency_modes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("includes_open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("ended_at <= ends_at", name=op.f("ck_emergency_modes_ended_in_time")),
        sa.CheckConstraint("ends_at > started_at", name=op.f("ck_emergency_modes_lasts")),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["users.id"], name=op.f("fk_emergency_modes_ended_by_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_emergency_modes_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_emergency_modes_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_modes")),
    )
    op.create_index(op.f("ix_emergency_modes_ended_by_id"), "emergency_modes", ["ended_by_id"], unique=False)
    op.create_index("ix_emergency_modes_unit_id_started_at", "emergency_modes", ["unit_id", "started_at"], unique=False)
    op.create_index(op.f("ix_emergency_modes_user_id"), "emergency_modes", ["user_id"], unique=False)
    op.create_index(
        "uq_emergency_modes_on",
        "emergency_modes",
        ["unit_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )


def _make_extensions() -> None:
    op.create_table(
        "extensions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "granted",
                "refused",
                "withdrawn",
                name="extension_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolve_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("word", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(decided_at is not null) = (state in ('granted', 'refused'))", name=op.f("ck_extensions_decided")
        ),
        sa.CheckConstraint("until > resolve_by", name=op.f("ck_extensions_gives_time")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_extensions_decided_by_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_extensions_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_extensions_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extensions")),
    )
    op.create_index(op.f("ix_extensions_decided_by_id"), "extensions", ["decided_by_id"], unique=False)
    op.create_index(op.f("ix_extensions_order_id"), "extensions", ["order_id"], unique=False)
    op.create_index(op.f("ix_extensions_user_id"), "extensions", ["user_id"], unique=False)
    op.create_index(
        "uq_extensions_pending", "extensions", ["order_id"], unique=True, postgresql_where=sa.text("state = 'asked'")
    )


def _make_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column(
            "step",
            sa.Enum("accept", "contact", "resolve", name="step", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "colour",
            sa.Enum("blue", "yellow", "red", name="colour", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("handler_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["handler_id"], ["users.id"], name=op.f("fk_notices_handler_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_notices_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_notices_unit_id_units"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "order_id", "run", "step", "colour", "due_at", name=op.f("uq_notices_order_id_run_step_colour_due_at")
        ),
    )
    op.create_index(op.f("ix_notices_handler_id"), "notices", ["handler_id"], unique=False)
    op.create_index(op.f("ix_notices_unit_id"), "notices", ["unit_id"], unique=False)


def _make_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "refused",
                "withdrawn",
                "running",
                "resumed",
                "expired",
                "moved_on",
                name="pause_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("word", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("contact_left", sa.Interval(), nullable=True),
        sa.Column("resolve_left", sa.Interval(), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.CheckConstraint(
            "(ended_at is not null) = (state in ('resumed', 'expired', 'moved_on'))",
            name=op.f("ck_pauses_ended_somehow"),
        ),
        sa.CheckConstraint(
            "(started_at is not null) = (state in ('running', 'resumed', 'expired', 'moved_on'))",
            name=op.f("ck_pauses_started"),
        ),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_pauses_ended_after_start")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_pauses_decided_by_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["users.id"], name=op.f("fk_pauses_ended_by_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_pauses_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_pauses_user_id_users"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_index(op.f("ix_pauses_decided_by_id"), "pauses", ["decided_by_id"], unique=False)
    op.create_index(op.f("ix_pauses_ended_by_id"), "pauses", ["ended_by_id"], unique=False)
    op.create_index(op.f("ix_pauses_order_id"), "pauses", ["order_id"], unique=False)
    op.create_index(op.f("ix_pauses_user_id"), "pauses", ["user_id"], unique=False)
    op.create_index(
        "uq_pauses_pending",
        "pauses",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state in ('asked', 'running')"),
    )


def _make_uncleared_orders() -> None:
    op.create_table(
        "uncleared_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "triaged",
                "dispatched",
                "accepted",
                "in_progress",
                "referred",
                "resolved",
                "reopened",
                "closed",
                "answered",
                "merged",
                "invalid",
                name="order_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("handler_id", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolve_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_overdue", sa.Boolean(), nullable=False),
        sa.Column(
            "why",
            sa.Enum(
                "paused",
                "pause_asked",
                "extension_asked",
                "extended",
                "last_word",
                "nothing_said",
                name="why",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["handler_id"], ["users.id"], name=op.f("fk_uncleared_orders_handler_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["list_id"],
            ["uncleared_lists.id"],
            name=op.f("fk_uncleared_orders_list_id_uncleared_lists"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_uncleared_orders_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uncleared_orders")),
        sa.UniqueConstraint("list_id", "order_id", name=op.f("uq_uncleared_orders_list_id_order_id")),
    )
    op.create_index(op.f("ix_uncleared_orders_handler_id"), "uncleared_orders", ["handler_id"], unique=False)
    op.create_index(op.f("ix_uncleared_orders_order_id"), "uncleared_orders", ["order_id"], unique=False)


def _make_notice_readers() -> None:
    op.create_table(
        "notice_readers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "call_taker",
                "dispatcher",
                "handler",
                "supervisor",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("is_copy", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "seen_by_id is null or seen_at is not null", name=op.f("ck_notice_readers_seen_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_readers_notice_id_notices"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["seen_by_id"], ["users.id"], name=op.f("fk_notice_readers_seen_by_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_notice_readers_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notice_readers_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_readers")),
        sa.UniqueConstraint("notice_id", "unit_id", name=op.f("uq_notice_readers_notice_id_unit_id")),
    )
    op.create_index(op.f("ix_notice_readers_seen_by_id"), "notice_readers", ["seen_by_id"], unique=False)
    op.create_index(op.f("ix_notice_readers_unit_id"), "notice_readers", ["unit_id"], unique=False)
    op.create_index(
        "ix_notice_readers_unseen",
        "notice_readers",
        ["unit_id", "role"],
        unique=False,
        postgresql_where=sa.text("seen_at is null"),
    )
    op.create_index(op.f("ix_notice_readers_user_id"), "notice_readers", ["user_id"], unique=False)


def _add_to_orders() -> None:
    op.add_column("orders", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_orders_look_at", "orders", ["look_at"], unique=False, postgresql_where=sa.text("look_at is not null")
    )
    op.create_index(
        "ix_orders_uncleared",
        "orders",
        ["unit_id"],
        unique=False,
        postgresql_where=sa.text("state not in ('resolved', 'answered', 'closed', 'merged', 'invalid')"),
    )

"""Who is on duty when, what one shift tells the next, and who is told of an emergency."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ACTIONS = (
    "signed_in",
    "sign_in_failed",
    "signed_out",
    "recording_heard",
    "transcript_seen",
    "transcript_corrected",
    "fact_confirmed",
    "number_seen",
    "order_moved",
    "work_replayed",
    "call_handled",
    "user_created",
    "password_set",
    "organisation_imported",
    "learning_asked",
    "understanding_chosen",
    "word_decided",
    "catalogue_changed",
    "catalogue_chosen",
    "auto_dispatch_set",
    "assistants_changed",
    "assistance_noted",
)
_NEW_ACTIONS = (
    "phone_set",
    "roster_imported",
    "shift_planned",
    "shift_cancelled",
    "swap_asked",
    "swap_decided",
    "handover_written",
    "handover_read",
    "alarm_acknowledged",
)
_WORKS = (
    "fetch_recording",
    "transcribe_recording",
    "retranscribe_recording",
    "understand_transcript",
    "delete_at_carrier",
    "send_message",
    "dial_attempt",
    "adopt_recording",
    "learn",
)
_POSTS = ("duty", "backup", "call_taker", "handler", "leader")
_SWAP_STATES = ("asked", "accepted", "declined", "withdrawn", "lapsed")
_ALARM_STATES = ("ringing", "acknowledged", "unanswered", "over")
_WAYS = ("key", "console", "move")
_RING_STATES = (
    "planned",
    "dialling",
    "ringing",
    "talking",
    "confirmed",
    "not_confirmed",
    "no_answer",
    "busy",
    "failed",
    "cancelled",
)
_SAYS = ("alarm", "alarm_again", "alarm_last", "alarm_thanks", "alarm_not_confirmed", "alarm_over")


def upgrade() -> None:
    _hold_at_least("audit_log", "action", (*_ACTIONS, *_NEW_ACTIONS))
    op.add_column("users", sa.Column("phone", sa.String(length=20), nullable=True))
    op.add_column("calls", sa.Column("people_rung", sa.Integer(), server_default="0", nullable=False))
    _make_shifts()
    _make_swaps()
    _make_notes()
    _make_warnings()
    _hold_to("outbox", "work", (*_WORKS, "ring_alarm"))
    op.create_index(
        "ix_orders_unsigned_emergencies",
        "orders",
        ["clocks_started_at"],
        postgresql_where=sa.text("urgency = 'emergency' and accepted_at is null"),
    )
    _make_alarms()
    _make_attempts()


def downgrade() -> None:
    op.drop_index("ix_orders_unsigned_emergencies", table_name="orders")
    op.execute("delete from outbox where work = 'ring_alarm'")
    _hold_to("outbox", "work", _WORKS)
    for table in ("alarm_attempts", "alarms", "roster_warnings", "handover_notes", "shift_swaps", "shifts"):
        op.drop_table(table)
    op.drop_column("calls", "people_rung")
    op.drop_column("users", "phone")
    # What the audit log says stays, and so does the list of what it may say.


def _make_shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("planned_user_id", sa.Integer(), nullable=False),
        _choice("post", "post", _POSTS),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_shifts_lasts")),
        _key("shifts", "unit_id", "units"),
        _key("shifts", "user_id", "users"),
        _key("shifts", "planned_user_id", "users"),
        _key("shifts", "made_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        # The embedded server has no btree_gist: an id is a range of one number.
        postgresql.ExcludeConstraint(
            (sa.text("int4range(user_id, user_id, '[]')"), "&&"),
            (sa.text("tstzrange(begins_at, ends_at)"), "&&"),
            where=sa.text("cancelled_at is null"),
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
            name="ex_shifts_one_at_a_time",
        ),
    )
    op.create_index("ix_shifts_unit_id_ends_at", "shifts", ["unit_id", "ends_at"], unique=False)
    op.create_index("ix_shifts_user_id_ends_at", "shifts", ["user_id", "ends_at"], unique=False)
    for column in ("planned_user_id", "made_by_id"):
        op.create_index(op.f(f"ix_shifts_{column}"), "shifts", [column], unique=False)


def _make_swaps() -> None:
    op.create_table(
        "shift_swaps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("in_return_id", sa.Integer(), nullable=True),
        sa.Column("asker_id", sa.Integer(), nullable=False),
        sa.Column("asked_id", sa.Integer(), nullable=False),
        _choice("state", "swap_state", _SWAP_STATES),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("asker_id <> asked_id", name=op.f("ck_shift_swaps_two_people")),
        sa.CheckConstraint("(state = 'asked') = (ended_at is null)", name=op.f("ck_shift_swaps_ended_somehow")),
        _key("shift_swaps", "shift_id", "shifts"),
        _key("shift_swaps", "in_return_id", "shifts"),
        _key("shift_swaps", "asker_id", "users"),
        _key("shift_swaps", "asked_id", "users"),
        _key("shift_swaps", "decided_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_swaps")),
    )
    op.create_index(
        "uq_shift_swaps_open", "shift_swaps", ["shift_id"], unique=True, postgresql_where=sa.text("state = 'asked'")
    )
    for column in ("shift_id", "in_return_id", "asker_id", "asked_id", "decided_by_id"):
        op.create_index(op.f(f"ix_shift_swaps_{column}"), "shift_swaps", [column], unique=False)


def _make_notes() -> None:
    op.create_table(
        "handover_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(read_at is null) = (read_by_id is null)", name=op.f("ck_handover_notes_read_by_somebody")),
        _key("handover_notes", "unit_id", "units"),
        _key("handover_notes", "shift_id", "shifts"),
        _key("handover_notes", "author_id", "users"),
        _key("handover_notes", "read_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_notes")),
    )
    op.create_index("ix_handover_notes_unit_id_written_at", "handover_notes", ["unit_id", "written_at"], unique=False)
    op.create_index(
        "ix_handover_notes_unread", "handover_notes", ["unit_id"], postgresql_where=sa.text("read_at is null")
    )
    for column in ("shift_id", "author_id", "read_by_id"):
        op.create_index(op.f(f"ix_handover_notes_{column}"), "handover_notes", [column], unique=False)


def _make_warnings() -> None:
    op.create_table(
        "roster_warnings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gaps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(seen_at is null) = (seen_by_id is null)", name=op.f("ck_roster_warnings_seen_by_somebody")
        ),
        _key("roster_warnings", "unit_id", "units"),
        _key("roster_warnings", "seen_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_warnings")),
        sa.UniqueConstraint("unit_id", "day", name=op.f("uq_roster_warnings_unit_id_day")),
    )
    op.create_index(op.f("ix_roster_warnings_seen_by_id"), "roster_warnings", ["seen_by_id"], unique=False)


def _make_alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        _choice("state", "alarm_state", _ALARM_STATES),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_round", sa.Integer(), nullable=False),
        _choice("way", "way", _WAYS, nullable=True),
        sa.Column("acknowledged_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(state = 'acknowledged') = (way is not null)", name=op.f("ck_alarms_acknowledged_somehow")),
        sa.CheckConstraint(
            "(state in ('acknowledged', 'over')) = (ended_at is not null)", name=op.f("ck_alarms_ended_sometime")
        ),
        _key("alarms", "order_id", "orders"),
        _key("alarms", "acknowledged_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("order_id", "run", name=op.f("uq_alarms_order_id_run")),
    )
    op.create_index(
        "ix_alarms_live", "alarms", ["begun_at"], postgresql_where=sa.text("state in ('ringing', 'unanswered')")
    )
    op.create_index(op.f("ix_alarms_acknowledged_by_id"), "alarms", ["acknowledged_by_id"], unique=False)


def _make_attempts() -> None:
    op.create_table(
        "alarm_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alarm_id", sa.Integer(), nullable=False),
        sa.Column("attempt_number", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        _choice("state", "ring_state", _RING_STATES),
        _choice("says", "say", _SAYS),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("is_last_resort", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.CheckConstraint("(rung_at is null) = (call_id is null)", name=op.f("ck_alarm_attempts_rung_by_a_call")),
        _key("alarm_attempts", "alarm_id", "alarms"),
        _key("alarm_attempts", "user_id", "users"),
        _key("alarm_attempts", "unit_id", "units"),
        _key("alarm_attempts", "call_id", "calls"),
        _key("alarm_attempts", "message_id", "text_messages"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_attempts")),
        sa.UniqueConstraint("alarm_id", "attempt_number", name=op.f("uq_alarm_attempts_alarm_id_attempt_number")),
        sa.UniqueConstraint("token", name=op.f("uq_alarm_attempts_token")),
        sa.UniqueConstraint("call_id", name=op.f("uq_alarm_attempts_call_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_alarm_attempts_message_id")),
    )
    for column in ("user_id", "unit_id"):
        op.create_index(op.f(f"ix_alarm_attempts_{column}"), "alarm_attempts", [column], unique=False)


def _choice(column: str, name: str, values: tuple[str, ...], *, nullable: bool = False) -> sa.Column[str]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(column, kind, nullable=nullable)


def _key(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{referred}")
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=name, ondelete="RESTRICT")


def _hold_to(table: str, column: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, sa.column(column).in_(values))


def _hold_at_least(table: str, column: str, values: tuple[str, ...]) -> None:
    """On the way up again the list may be longer already, by what later revisions brought and rows hold."""
    written = op.get_bind().scalar(
        sa.text("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"),
        {"name": op.f(f"ck_{table}_{column}")},
    )
    before = re.findall(r"'(\w+)'", written or "")
    _hold_to(table, column, (*values, *(value for value in before if value not in values)))

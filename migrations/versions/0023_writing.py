"""What reaches us in writing: statements with their facts, replies by text, message channels, outreach events."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_CHANNELS = ("phone", "text", "web", "desk", "event", "transfer", "campaign", "social")
_ACTIONS = ("order_entered", "event_added", "channel_set", "letter_written")
_REMARKS = ("supplemented", "chased", "took_in", "by_text", "by_voice", "wrote")
_WORK = ("understand_statement", "understand_answer", "end_text_attempt")


def upgrade() -> None:
    _allow_more("audit_log", "action", _ACTIONS)
    _allow_more("order_events", "remark", _REMARKS)
    _allow_more("outbox", "work", _WORK)
    _allow_more("survey_answers", "answer_kind", ("text",))
    _make_tables()
    _add_to_messages()
    _add_to_orders()
    _add_to_facts()
    _add_to_surveys()


def downgrade() -> None:
    op.drop_column("survey_answers", "message_id")
    op.drop_column("survey_attempts", "is_by_text")
    op.drop_constraint(op.f("ck_facts_one_source"), "facts")
    op.drop_index("uq_facts_machine_statement", "facts")
    op.drop_index("uq_facts_machine", "facts")
    # What a machine took from a statement has nothing to rest on any more.
    op.execute("delete from facts where origin = 'machine' and statement_id is not null")
    op.drop_column("facts", "statement_id")
    op.create_index(
        "uq_facts_machine",
        "facts",
        ["order_id", "name", "transcript_id"],
        unique=True,
        postgresql_where=sa.text("origin = 'machine'"),
    )
    for column in ("is_by_text", "status_token", "outreach_event_id"):
        op.drop_column("orders", column)
    op.drop_table("statements")
    op.drop_table("outreach_events")
    op.drop_table("message_channels")
    op.drop_index("ix_text_messages_number_made_at", "text_messages")
    op.drop_column("text_messages", "order_id")
    op.alter_column(
        "text_messages", "number", type_=sa.String(length=20), postgresql_using="left(number, 20)", nullable=False
    )
    op.execute(
        sa.text("delete from outbox where work in :gone").bindparams(sa.bindparam("gone", _WORK, expanding=True))
    )
    _allow("outbox", "work", [value for value in _allowed("outbox", "work") if value not in _WORK])
    # What audit log, history and answers say stays, and so do the lists of what they may say.


def _allow_more(table: str, check: str, values: tuple[str, ...]) -> None:
    """Add to what the column may hold, whatever that was; on the way up again nothing is new."""
    before = _allowed(table, check)
    _allow(table, check, [*before, *(value for value in values if value not in before)])


def _allowed(table: str, check: str) -> list[str]:
    written = op.get_bind().scalar(
        sa.text("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"),
        {"name": op.f(f"ck_{table}_{check}")},
    )
    return re.findall(r"'(\w+)'", written or "")


def _allow(table: str, check: str, values: list[str]) -> None:
    name = op.f(f"ck_{table}_{check}")
    column = "kind" if check == "answer_kind" else check
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, sa.column(column).in_(values))


def _make_tables() -> None:
    op.create_table(
        "message_channels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("reply_url", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_message_channels_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_channels")),
        sa.UniqueConstraint("name", name=op.f("uq_message_channels_name")),
    )
    op.create_index(op.f("ix_message_channels_unit_id"), "message_channels", ["unit_id"])
    op.create_table(
        "outreach_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_outreach_events_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_events")),
        sa.UniqueConstraint("unit_id", "held_on", "name", name=op.f("uq_outreach_events_unit_id_held_on_name")),
    )
    op.create_table(
        "statements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(*_CHANNELS, name="channel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["text_messages.id"],
            name=op.f("fk_statements_message_id_text_messages"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_statements_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_statements_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("message_id", name=op.f("uq_statements_message_id")),
    )
    op.create_index("ix_statements_order_id_made_at", "statements", ["order_id", "made_at"])
    op.create_index(op.f("ix_statements_user_id"), "statements", ["user_id"])


def _add_to_messages() -> None:
    op.alter_column("text_messages", "number", type_=sa.String(length=64), nullable=False)
    _add_reference("text_messages", "order_id", "orders")
    op.create_index("ix_text_messages_number_made_at", "text_messages", ["number", "made_at"])


def _add_to_orders() -> None:
    op.add_column("orders", sa.Column("is_by_text", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("orders", sa.Column("status_token", sa.String(length=43), nullable=True))
    op.create_unique_constraint(op.f("uq_orders_status_token"), "orders", ["status_token"])
    _add_reference("orders", "outreach_event_id", "outreach_events")


def _add_to_facts() -> None:
    _add_reference("facts", "statement_id", "statements")
    op.drop_index("uq_facts_machine", "facts")
    for index, source in (("uq_facts_machine", "transcript_id"), ("uq_facts_machine_statement", "statement_id")):
        op.create_index(
            index,
            "facts",
            ["order_id", "name", source],
            unique=True,
            postgresql_where=sa.text(f"origin = 'machine' and {source} is not null"),
        )
    op.create_check_constraint(op.f("ck_facts_one_source"), "facts", "num_nonnulls(transcript_id, statement_id) <= 1")


def _add_to_surveys() -> None:
    op.add_column(
        "survey_attempts", sa.Column("is_by_text", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("survey_answers", sa.Column("message_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_survey_answers_message_id_text_messages"),
        "survey_answers",
        "text_messages",
        ["message_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_unique_constraint(op.f("uq_survey_answers_message_id"), "survey_answers", ["message_id"])


def _add_reference(table: str, column: str, target: str) -> None:
    op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
    op.create_foreign_key(op.f(f"fk_{table}_{column}_{target}"), table, target, [column], ["id"], ondelete="RESTRICT")
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])

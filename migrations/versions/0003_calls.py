"""Calls, recordings, transcripts and text messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("inbound", "outbound", name="direction", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("carrier", sa.String(length=20), nullable=False),
        sa.Column("carrier_call_id", sa.String(length=64), nullable=True),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "greeted",
                "with_person",
                "recorder",
                "asked_again",
                "thanked",
                "talked",
                "silent",
                "abandoned",
                "refused",
                "not_served",
                "outbound",
                name="call_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "attention",
            sa.Enum(
                "ring_back",
                "recording_lost",
                "recording_unreadable",
                "nothing_heard",
                "transcription_failed",
                name="attention",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("order_number", sa.String(length=20), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_s", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name=op.f("fk_calls_line_id_lines"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_calls_order_id_orders"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("carrier", "carrier_call_id", name=op.f("uq_calls_carrier_carrier_call_id")),
        sa.UniqueConstraint("order_number", name=op.f("uq_calls_order_number")),
    )
    op.create_index(
        "ix_calls_attention", "calls", ["attention"], unique=False, postgresql_where=sa.text("attention is not null")
    )
    op.create_index("ix_calls_line_id_started_at", "calls", ["line_id", "started_at"], unique=False)
    op.create_index(op.f("ix_calls_number"), "calls", ["number"], unique=False)
    op.create_index(op.f("ix_calls_order_id"), "calls", ["order_id"], unique=False)
    op.create_index(op.f("ix_calls_started_at"), "calls", ["started_at"], unique=False)
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("carrier", sa.String(length=20), nullable=False),
        sa.Column("carrier_recording_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "message",
                "conversation",
                "survey",
                name="recording_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "expected",
                "stored",
                "transcribed",
                "no_speech",
                "unreadable",
                "lost",
                "failed",
                name="recording_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("channels", sa.Integer(), server_default="1", nullable=False),
        sa.Column("duration_s", sa.Integer(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("store_key", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carrier_deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('expected', 'lost', 'unreadable') or store_key is not null",
            name=op.f("ck_recordings_stored_has_key"),
        ),
        sa.CheckConstraint("channels in (1, 2)", name=op.f("ck_recordings_channels")),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_recordings_call_id_calls"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("carrier", "carrier_recording_id", name=op.f("uq_recordings_carrier_carrier_recording_id")),
    )
    op.create_index(op.f("ix_recordings_call_id"), "recordings", ["call_id"], unique=False)
    op.create_index(
        "ix_recordings_unfinished",
        "recordings",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state in ('expected', 'stored')"),
    )
    op.create_table(
        "text_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("inbound", "outbound", name="direction", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("carrier", sa.String(length=20), nullable=False),
        sa.Column("carrier_message_id", sa.String(length=64), nullable=True),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sent",
                "delivered",
                "failed",
                name="message_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_text_messages_call_id_calls"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["lines.id"], name=op.f("fk_text_messages_line_id_lines"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_messages")),
        sa.UniqueConstraint("call_id", "purpose", name=op.f("uq_text_messages_call_id_purpose")),
        sa.UniqueConstraint("carrier", "carrier_message_id", name=op.f("uq_text_messages_carrier_carrier_message_id")),
    )
    op.create_index(op.f("ix_text_messages_line_id"), "text_messages", ["line_id"], unique=False)
    op.create_table(
        "transcripts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "origin",
            sa.Enum("machine", "person", name="origin", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("model", sa.String(length=120), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(origin = 'person') = (user_id is not null)", name=op.f("ck_transcripts_person_named")),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.id"],
            name=op.f("fk_transcripts_recording_id_recordings"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_transcripts_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcripts")),
        sa.UniqueConstraint("recording_id", "version", name=op.f("uq_transcripts_recording_id_version")),
    )
    op.create_index(op.f("ix_transcripts_recording_id"), "transcripts", ["recording_id"], unique=False)
    op.create_index(op.f("ix_transcripts_user_id"), "transcripts", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_transcripts_user_id"), table_name="transcripts")
    op.drop_index(op.f("ix_transcripts_recording_id"), table_name="transcripts")
    op.drop_table("transcripts")
    op.drop_index(op.f("ix_text_messages_line_id"), table_name="text_messages")
    op.drop_table("text_messages")
    op.drop_index(
        "ix_recordings_unfinished", table_name="recordings", postgresql_where=sa.text("state in ('expected', 'stored')")
    )
    op.drop_index(op.f("ix_recordings_call_id"), table_name="recordings")
    op.drop_table("recordings")
    op.drop_index(op.f("ix_calls_started_at"), table_name="calls")
    op.drop_index(op.f("ix_calls_order_id"), table_name="calls")
    op.drop_index(op.f("ix_calls_number"), table_name="calls")
    op.drop_index("ix_calls_line_id_started_at", table_name="calls")
    op.drop_index("ix_calls_attention", table_name="calls", postgresql_where=sa.text("attention is not null"))
    op.drop_table("calls")

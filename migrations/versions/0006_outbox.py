"""What must happen and what was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "work",
            sa.Enum(
                "fetch_recording",
                "transcribe_recording",
                "understand_transcript",
                "delete_at_carrier",
                "send_message",
                "dial_attempt",
                "adopt_recording",
                name="work",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sent",
                "done",
                "dead",
                name="outbox_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("work", "subject_id", name=op.f("uq_outbox_work_subject_id")),
    )
    op.create_index("ix_outbox_dead", "outbox", ["id"], unique=False, postgresql_where=sa.text("state = 'dead'"))
    op.create_index("ix_outbox_sent", "outbox", ["sent_at"], unique=False, postgresql_where=sa.text("state = 'sent'"))
    op.create_index(
        "ix_outbox_waiting", "outbox", ["due_at"], unique=False, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("carrier_id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "applied",
                "unmatched",
                "unknown_to_carrier",
                name="receipt_outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("source", "carrier_id", "event", name=op.f("uq_receipts_source_carrier_id_event")),
    )
    op.create_index(
        "ix_receipts_open", "receipts", ["id"], unique=False, postgresql_where=sa.text("outcome <> 'applied'")
    )
    op.create_index(op.f("ix_receipts_received_at"), "receipts", ["received_at"], unique=False)

    # Wakes the poller the moment the transaction commits; whoever sleeps through it finds the row a little later.
    op.execute(
        """
        create function tell_outbox() returns trigger language plpgsql as $$
        begin
            perform pg_notify('outbox', '');
            return null;
        end $$
        """
    )
    op.execute(
        """
        create trigger outbox_tells after insert or update of due_at on outbox
        for each row when (new.state = 'waiting') execute function tell_outbox()
        """
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_receipts_received_at"), table_name="receipts")
    op.drop_index("ix_receipts_open", table_name="receipts", postgresql_where=sa.text("outcome <> 'applied'"))
    op.drop_table("receipts")
    op.drop_index("ix_outbox_waiting", table_name="outbox", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index("ix_outbox_sent", table_name="outbox", postgresql_where=sa.text("state = 'sent'"))
    op.drop_index("ix_outbox_dead", table_name="outbox", postgresql_where=sa.text("state = 'dead'"))
    op.drop_table("outbox")
    op.execute("drop function tell_outbox()")

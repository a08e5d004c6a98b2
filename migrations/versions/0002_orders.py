"""Work orders, their history and their results."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_number_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_order_number_days")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "phone",
                "text",
                "web",
                "desk",
                "event",
                "transfer",
                "campaign",
                "social",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
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
        sa.Column(
            "urgency",
            sa.Enum(
                "emergency",
                "urgent",
                "normal",
                "consultation",
                name="urgency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "category",
            sa.Enum(
                "supplies",
                "medical",
                "housing",
                "income",
                "elderly",
                "children",
                "disability",
                "homeless",
                "utilities",
                "policy",
                "complaint",
                "other",
                name="category",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("intake_unit_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("handler_id", sa.Integer(), nullable=True),
        sa.Column("number_to_ring", sa.String(length=20), nullable=True),
        sa.Column("is_secret", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resolutions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accept_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolve_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into_id is not null)", name=op.f("ck_orders_merged_names_its_target")
        ),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_orders_not_merged_into_itself")),
        sa.ForeignKeyConstraint(
            ["handler_id"], ["users.id"], name=op.f("fk_orders_handler_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["intake_unit_id"], ["units.id"], name=op.f("fk_orders_intake_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["orders.id"], name=op.f("fk_orders_merged_into_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["place_id"], ["units.id"], name=op.f("fk_orders_place_id_units"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_orders_unit_id_units"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    op.create_index(op.f("ix_orders_handler_id"), "orders", ["handler_id"], unique=False)
    op.create_index("ix_orders_intake_unit_id_received_at", "orders", ["intake_unit_id", "received_at"], unique=False)
    op.create_index(op.f("ix_orders_merged_into_id"), "orders", ["merged_into_id"], unique=False)
    op.create_index(op.f("ix_orders_number_to_ring"), "orders", ["number_to_ring"], unique=False)
    op.create_index(op.f("ix_orders_place_id"), "orders", ["place_id"], unique=False)
    op.create_index(op.f("ix_orders_received_at"), "orders", ["received_at"], unique=False)
    op.create_index("ix_orders_unit_id_state_received_at", "orders", ["unit_id", "state", "received_at"], unique=False)
    op.create_table(
        "order_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column(
            "move",
            sa.Enum(
                "triage",
                "invalidate",
                "restore",
                "dispatch",
                "answer",
                "accept",
                "return",
                "contact",
                "resolve",
                "refer",
                "report_back",
                "take_back",
                "close",
                "reopen",
                "rework",
                "merge",
                "unmerge",
                name="move",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "from_state",
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
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
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
                name="to_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_order_events_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_order_events_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
    )
    op.create_index(op.f("ix_order_events_order_id"), "order_events", ["order_id"], unique=False)
    op.create_index(op.f("ix_order_events_unit_id"), "order_events", ["unit_id"], unique=False)
    op.create_index(op.f("ix_order_events_user_id"), "order_events", ["user_id"], unique=False)
    op.create_table(
        "results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("resolution", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "solved",
                "partly",
                "not_solved",
                "referred",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("why_not", sa.Text(), nullable=True),
        sa.Column("aid", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome <> 'not_solved' or why_not is not null", name=op.f("ck_results_unsolved_says_why")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_results_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_results_user_id_users"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results")),
        sa.UniqueConstraint("order_id", "resolution", name=op.f("uq_results_order_id_resolution")),
    )
    op.create_index(op.f("ix_results_user_id"), "results", ["user_id"], unique=False)

    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception 'rows of % are only ever added', tg_table_name;
        end $$
        """
    )
    op.execute(
        """
        create trigger order_events_append_only before update or delete on order_events
        for each row execute function refuse_change()
        """
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_results_user_id"), table_name="results")
    op.drop_table("results")
    op.drop_index(op.f("ix_order_events_user_id"), table_name="order_events")
    op.drop_index(op.f("ix_order_events_unit_id"), table_name="order_events")
    op.drop_index(op.f("ix_order_events_order_id"), table_name="order_events")
    op.drop_table("order_events")
    op.drop_index("ix_orders_unit_id_state_received_at", table_name="orders")
    op.drop_index(op.f("ix_orders_received_at"), table_name="orders")
    op.drop_index(op.f("ix_orders_place_id"), table_name="orders")
    op.drop_index(op.f("ix_orders_number_to_ring"), table_name="orders")
    op.drop_index(op.f("ix_orders_merged_into_id"), table_name="orders")
    op.drop_index("ix_orders_intake_unit_id_received_at", table_name="orders")
    op.drop_index(op.f("ix_orders_handler_id"), table_name="orders")
    op.drop_table("orders")
    op.drop_table("order_number_days")
    op.execute("drop function refuse_change()")

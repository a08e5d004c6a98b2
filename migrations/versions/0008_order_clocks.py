"""The clocks of each run of work on an order: what a reopening ended stays on record."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_clocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accept_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolve_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_clocks_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_clocks")),
        sa.UniqueConstraint("order_id", "run", name=op.f("uq_order_clocks_order_id_run")),
    )
    op.add_column("orders", sa.Column("clocks_started_at", sa.DateTime(timezone=True), nullable=True))
    # An order that was opened again has counted from then; what it was given before nobody wrote down.
    op.execute(
        """
        update orders set clocks_started_at = coalesce(
            (select max(at) from order_events where order_id = orders.id and move = 'reopen'), received_at)
        """
    )
    op.alter_column("orders", "clocks_started_at", nullable=False)


def downgrade() -> None:
    op.drop_column("orders", "clocks_started_at")
    op.drop_table("order_clocks")

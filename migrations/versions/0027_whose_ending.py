"""Whose ending was written back to a platform, and numbers of message channels that no machine rings or writes to."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TABLE = "transfer_results"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("order_id", sa.Integer(), nullable=True))
    # Which one it was then is not on record; it is the one at the end of the merges now, as it was told ever since.
    op.execute(
        """
        with recursive ways as (
          select t.id transfer_id, o.id order_id, o.merged_into_id
          from transfers t join orders o on o.id = t.order_id
          union all
          select ways.transfer_id, o.id, o.merged_into_id
          from ways join orders o on o.id = ways.merged_into_id
        )
        update transfer_results r set order_id = ways.order_id
        from ways where ways.transfer_id = r.transfer_id and ways.merged_into_id is null
        """
    )
    op.alter_column(_TABLE, "order_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_transfer_results_order_id_orders"), _TABLE, "orders", ["order_id"], ["id"], ondelete="RESTRICT"
    )
    op.create_index(op.f("ix_transfer_results_order_id"), _TABLE, ["order_id"])
    op.drop_constraint("uq_transfer_results_transfer_id_resolution_state", _TABLE, type_="unique")
    op.create_unique_constraint(
        "uq_transfer_results_transfer_id_order_id_resolution_state",
        _TABLE,
        ["transfer_id", "order_id", "resolution", "state"],
    )
    op.alter_column("opt_outs", "number", type_=sa.String(length=64))


def downgrade() -> None:
    # What the narrower column cannot hold was never there before.
    op.execute("delete from opt_outs where length(number) > 20")
    op.alter_column("opt_outs", "number", type_=sa.String(length=20))
    op.execute(
        """
        delete from transfer_results r using transfer_results earlier
        where earlier.transfer_id = r.transfer_id and earlier.resolution = r.resolution
          and earlier.state = r.state and earlier.id < r.id
        """
    )
    op.drop_constraint("uq_transfer_results_transfer_id_order_id_resolution_state", _TABLE, type_="unique")
    op.create_unique_constraint(
        "uq_transfer_results_transfer_id_resolution_state", _TABLE, ["transfer_id", "resolution", "state"]
    )
    op.drop_column(_TABLE, "order_id")

"""A platform's number is one for the unit to which it passes orders on: others may have a platform of the same name."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TABLE = "transfers"
_GLOBAL, _OF_UNIT = "uq_transfers_source_foreign_number", "uq_transfers_source_foreign_number_unit_id"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("unit_id", sa.Integer(), nullable=True))
    # Whose file it was; what came by machine, to whom the platform of that name passes orders on, or else the order's.
    op.execute(
        """
        update transfers t set unit_id = coalesce(
          (select f.unit_id from transfer_files f where f.id = t.file_id),
          (select p.unit_id from transfer_platforms p where p.name = t.source),
          (select o.intake_unit_id from orders o where o.id = t.order_id)
        )
        """
    )
    op.alter_column(_TABLE, "unit_id", nullable=False)
    op.create_foreign_key(op.f("fk_transfers_unit_id_units"), _TABLE, "units", ["unit_id"], ["id"], ondelete="RESTRICT")
    op.create_index(op.f("ix_transfers_unit_id"), _TABLE, ["unit_id"])
    op.drop_constraint(_GLOBAL, _TABLE, type_="unique")
    op.create_unique_constraint(_OF_UNIT, _TABLE, ["source", "foreign_number", "unit_id"])


def downgrade() -> None:
    # The orders stay. Of two units' platforms of one name, the later number says whose it was.
    op.execute(
        """
        update transfers t set foreign_number = left(t.foreign_number, 52) || ' #' || t.id
        where exists (
          select from transfers e where e.source = t.source and e.foreign_number = t.foreign_number and e.id < t.id
        )
        """
    )
    op.drop_constraint(_OF_UNIT, _TABLE, type_="unique")
    op.create_unique_constraint(_GLOBAL, _TABLE, ["source", "foreign_number"])
    op.drop_column(_TABLE, "unit_id")

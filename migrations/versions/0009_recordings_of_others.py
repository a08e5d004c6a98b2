"""A receipt can tell of a recording on a number that is none of ours."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHECK = "ck_receipts_receipt_outcome"


def upgrade() -> None:
    op.drop_constraint(op.f(_CHECK), "receipts", type_="check")
    op.create_check_constraint(
        op.f(_CHECK), "receipts", "outcome in ('applied', 'unmatched', 'unknown_to_carrier', 'not_ours')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(_CHECK), "receipts", type_="check")
    op.execute("update receipts set outcome = 'unknown_to_carrier' where outcome = 'not_ours'")
    op.create_check_constraint(op.f(_CHECK), "receipts", "outcome in ('applied', 'unmatched', 'unknown_to_carrier')")

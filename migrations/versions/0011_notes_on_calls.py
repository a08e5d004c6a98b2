"""What a person writes who deals with a call stays with the call, not in the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("handled_note", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "handled_note")

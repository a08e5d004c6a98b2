"""How far a recording has been heard, and the words until there, while it is being transcribed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("heard_until_s", sa.Float(), nullable=True))
    op.add_column("recordings", sa.Column("heard_text", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("recordings", "heard_text")
    op.drop_column("recordings", "heard_until_s")

"""What a machine wrote before there was any doubt was judged by nobody, which is not the same as without doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("transcripts", sa.Column("is_judged", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute("update transcripts set is_judged = false where origin = 'machine' and doubt is null")


def downgrade() -> None:
    op.drop_column("transcripts", "is_judged")

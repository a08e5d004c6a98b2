"""One round of learning at a time, also for two who ask in the same moment."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "uq_learning_rounds_unended",
        "learning_rounds",
        [sa.text("(ended_at is null)")],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )


def downgrade() -> None:
    op.drop_index("uq_learning_rounds_unended", "learning_rounds")

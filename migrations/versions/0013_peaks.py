"""A recording's outline, measured while it is transcribed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("peaks", sa.LargeBinary(), nullable=True))
    op.add_column("recordings", sa.Column("peaks_channels", sa.Integer(), nullable=True))
    op.add_column("recordings", sa.Column("peaks_per_second", sa.Float(), nullable=True))
    op.create_check_constraint(
        op.f("ck_recordings_peaks_measured"),
        "recordings",
        "num_nulls(peaks, peaks_channels, peaks_per_second) in (0, 3)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_recordings_peaks_measured"), "recordings")
    for column in ("peaks", "peaks_channels", "peaks_per_second"):
        op.drop_column("recordings", column)

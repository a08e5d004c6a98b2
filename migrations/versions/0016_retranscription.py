"""A recording can be transcribed anew; its place among the works is one for each recording."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_WORKS = (
    "fetch_recording",
    "transcribe_recording",
    "understand_transcript",
    "delete_at_carrier",
    "send_message",
    "dial_attempt",
    "adopt_recording",
)


def upgrade() -> None:
    _hold_work_to((*_WORKS[:2], "retranscribe_recording", *_WORKS[2:]))


def downgrade() -> None:
    op.execute("delete from outbox where work = 'retranscribe_recording'")
    _hold_work_to(_WORKS)


def _hold_work_to(values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_outbox_work"), "outbox")
    op.create_check_constraint(op.f("ck_outbox_work"), "outbox", sa.column("work").in_(values))

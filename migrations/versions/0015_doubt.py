"""A transcript that nothing may be made of says why, and a person is asked to listen."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_DOUBTS = ("silence", "no_speech", "unknown_speech", "unsure")
_ATTENTIONS = ("ring_back", "recording_lost", "recording_unreadable", "nothing_heard", "transcription_failed")


def upgrade() -> None:
    doubt = sa.Enum(*_DOUBTS, name="doubt", native_enum=False, create_constraint=True, length=40)
    op.add_column("transcripts", sa.Column("doubt", doubt, nullable=True))
    _hold_attention_to((*_ATTENTIONS[:4], "not_understood", *_ATTENTIONS[4:]))


def downgrade() -> None:
    op.execute("update calls set attention = 'nothing_heard' where attention = 'not_understood'")
    _hold_attention_to(_ATTENTIONS)
    op.drop_column("transcripts", "doubt")


def _hold_attention_to(values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_calls_attention"), "calls")
    op.create_check_constraint(op.f("ck_calls_attention"), "calls", sa.column("attention").in_(values))

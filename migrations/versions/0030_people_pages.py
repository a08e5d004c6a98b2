"""The audit log may say that a person was changed, put out of service, and let in again."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_ACTIONS = ("user_changed", "user_ended", "user_let_in")
_CHECK = "ck_audit_log_action"


def upgrade() -> None:
    written = op.get_bind().scalar(
        sa.text("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"), {"name": _CHECK}
    )
    before = re.findall(r"'(\w+)'", written or "")
    op.drop_constraint(op.f(_CHECK), "audit_log")
    # On the way up again nothing is new.
    allowed = [*before, *(action for action in _ACTIONS if action not in before)]
    op.create_check_constraint(op.f(_CHECK), "audit_log", sa.column("action").in_(allowed))


def downgrade() -> None:
    """What the audit log says stays, and so does the list of what it may say: nothing is ever taken from it.

    The program of before reads none of these entries; its page of the log fails where they stand.
    """

"""Attachments, results that wait for a supervisor's word, and what else the history and the lists may say."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ACTIONS = ("file_attached", "attachment_seen", "result_reported", "result_decided", "secrecy_set")
_REMARKS = ("result_reported", "result_sent_back", "made_secret", "secrecy_lifted")


def upgrade() -> None:
    _allow_more("audit_log", "action", _ACTIONS)
    _allow_more("order_events", "remark", _REMARKS)
    _allow_more("uncleared_orders", "why", ("approval_asked",))
    op.add_column("orders", sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True))
    _make_approvals()
    _make_attachments()


def downgrade() -> None:
    op.drop_table("attachments")
    op.drop_table("approvals")
    op.drop_column("orders", "reported_at")
    # What audit log, history and lists say stays, and so do the lists of what they may say.


def _allow_more(table: str, column: str, values: tuple[str, ...]) -> None:
    """Add to what the column may hold, whatever that was; on the way up again nothing is new."""
    name = op.f(f"ck_{table}_{column}")
    written = op.get_bind().scalar(
        sa.text("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"), {"name": name}
    )
    before = re.findall(r"'(\w+)'", written or "")
    op.drop_constraint(name, table)
    allowed = [*before, *(value for value in values if value not in before)]
    op.create_check_constraint(name, table, sa.column(column).in_(allowed))


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), ondelete="RESTRICT")


def _make_approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("state", _choice("approval_state", "asked", "approved", "sent_back", "withdrawn"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("word", sa.Text(), nullable=True),
        sa.Column("result_id", sa.Integer(), nullable=True),
        sa.Column("outcome", _choice("outcome", "solved", "partly", "not_solved", "referred"), nullable=False),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("why_not", sa.Text(), nullable=True),
        sa.Column("aid", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(decided_at is not null) = (state in ('approved', 'sent_back'))", name=op.f("ck_approvals_decided")
        ),
        sa.CheckConstraint("result_id is null or state = 'approved'", name=op.f("ck_approvals_only_what_is_approved")),
        sa.CheckConstraint("state <> 'sent_back' or word is not null", name=op.f("ck_approvals_sent_back_says_why")),
        sa.CheckConstraint("decided_by_id <> user_id", name=op.f("ck_approvals_not_by_oneself")),
        _key("approvals", "order_id", "orders"),
        _key("approvals", "user_id", "users"),
        _key("approvals", "decided_by_id", "users"),
        _key("approvals", "result_id", "results"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("result_id", name=op.f("uq_approvals_result_id")),
    )
    for column in ("order_id", "user_id", "decided_by_id"):
        op.create_index(op.f(f"ix_approvals_{column}"), "approvals", [column])
    op.create_index(
        "uq_approvals_pending", "approvals", ["order_id"], unique=True, postgresql_where=sa.text("state = 'asked'")
    )


def _make_attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=True),
        sa.Column("kind", _choice("attachment_kind", "photo", "pdf"), nullable=False),
        sa.Column("content_type", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("store_key", sa.String(length=200), nullable=False),
        sa.Column("small_key", sa.String(length=200), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(small_key is not null) = (kind = 'photo')", name=op.f("ck_attachments_photo_has_a_small_one")
        ),
        _key("attachments", "order_id", "orders"),
        _key("attachments", "result_id", "results"),
        _key("attachments", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("order_id", "sha256", name=op.f("uq_attachments_order_id_sha256")),
    )
    for column in ("result_id", "user_id"):
        op.create_index(op.f(f"ix_attachments_{column}"), "attachments", [column])

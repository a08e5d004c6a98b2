"""Orders passed on by 12345 and other platforms: their own numbers, the files they came in, results written back."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ACTIONS = ("transfers_taken", "results_written", "platform_set")
_STATES = (
    "received",
    "triaged",
    "dispatched",
    "accepted",
    "in_progress",
    "referred",
    "resolved",
    "reopened",
    "closed",
    "answered",
    "merged",
    "invalid",
)


def upgrade() -> None:
    _allow_more("audit_log", "action", _ACTIONS)
    _make_platforms()
    _make_files()
    _make_transfers()
    _make_result_files()
    _make_results()


def downgrade() -> None:
    for table in ("transfer_results", "result_files", "transfers", "transfer_files", "transfer_platforms"):
        op.drop_table(table)
    # What the audit log says stays, and so does the list of what it may say.


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


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete="RESTRICT"
    )


def _make_platforms() -> None:
    op.create_table(
        "transfer_platforms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _reference("transfer_platforms", "unit_id", "units"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_platforms")),
        sa.UniqueConstraint("name", name=op.f("uq_transfer_platforms_name")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_transfer_platforms_token_sha256")),
    )
    op.create_index(op.f("ix_transfer_platforms_unit_id"), "transfer_platforms", ["unit_id"])


def _make_files() -> None:
    op.create_table(
        "transfer_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("known", postgresql.JSONB(), nullable=False),
        sa.Column("refused", postgresql.JSONB(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        _reference("transfer_files", "unit_id", "units"),
        _reference("transfer_files", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_files")),
    )
    op.create_index("ix_transfer_files_unit_id_came_at", "transfer_files", ["unit_id", "came_at"])
    op.create_index(op.f("ix_transfer_files_user_id"), "transfer_files", ["user_id"])


def _make_transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("foreign_number", sa.String(length=64), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("rang_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_name", sa.String(length=60), nullable=True),
        sa.Column("category_words", sa.String(length=120), nullable=True),
        sa.Column("urgency_words", sa.String(length=40), nullable=True),
        sa.Column("passed_on_at", sa.DateTime(timezone=True), nullable=False),
        _reference("transfers", "order_id", "orders"),
        _reference("transfers", "file_id", "transfer_files"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("order_id", name=op.f("uq_transfers_order_id")),
        sa.UniqueConstraint("source", "foreign_number", name=op.f("uq_transfers_source_foreign_number")),
    )
    op.create_index(op.f("ix_transfers_file_id"), "transfers", ["file_id"])


def _make_result_files() -> None:
    op.create_table(
        "result_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _reference("result_files", "unit_id", "units"),
        _reference("result_files", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_files")),
    )
    op.create_index("ix_result_files_unit_id_made_at", "result_files", ["unit_id", "made_at"])
    op.create_index(op.f("ix_result_files_user_id"), "result_files", ["user_id"])


def _make_results() -> None:
    op.create_table(
        "transfer_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("resolution", sa.Integer(), nullable=False),
        sa.Column("state", _enum("order_state", *_STATES), nullable=False),
        sa.Column("outcome", _enum("outcome", "solved", "partly", "not_solved", "referred"), nullable=True),
        sa.Column("done", sa.Text(), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved", _enum("resolved", "yes", "partly", "no"), nullable=True),
        sa.Column("satisfied", _enum("satisfied", "satisfied", "neutral", "dissatisfied"), nullable=True),
        _reference("transfer_results", "file_id", "result_files"),
        _reference("transfer_results", "transfer_id", "transfers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_results")),
        sa.UniqueConstraint(
            "transfer_id", "resolution", "state", name=op.f("uq_transfer_results_transfer_id_resolution_state")
        ),
    )
    op.create_index(op.f("ix_transfer_results_file_id"), "transfer_results", ["file_id"])


def _enum(check: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=check, native_enum=False, create_constraint=True, length=40)

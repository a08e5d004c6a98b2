"""Which unit an order goes to, by category and place: the catalogue and its versions; and who assists its holder."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ACTIONS = (
    "signed_in",
    "sign_in_failed",
    "signed_out",
    "recording_heard",
    "transcript_seen",
    "transcript_corrected",
    "fact_confirmed",
    "number_seen",
    "order_moved",
    "work_replayed",
    "call_handled",
    "user_created",
    "password_set",
    "organisation_imported",
    "learning_asked",
    "understanding_chosen",
    "word_decided",
)
_NEW_ACTIONS = (
    "catalogue_changed",
    "catalogue_chosen",
    "auto_dispatch_set",
    "assistants_changed",
    "assistance_noted",
)
_CATEGORIES = (
    "supplies",
    "medical",
    "housing",
    "income",
    "elderly",
    "children",
    "disability",
    "homeless",
    "utilities",
    "policy",
    "complaint",
    "other",
)
_REMARKS = ("assistant_added", "assistant_removed", "assisted", "kept")
_ONLY_ADDED = ("catalogue_versions", "catalogue_rows", "catalogue_row_assistants", "catalogue_uses")


def upgrade() -> None:
    _hold_at_least("audit_log", "action", (*_ACTIONS, *_NEW_ACTIONS))
    _make_catalogues()
    _make_uses()
    for table in _ONLY_ADDED:
        op.execute(
            f"""
            create trigger {table}_append_only before update or delete on {table}
            for each row execute function refuse_change()
            """
        )
    _make_assistants()
    _add_unit("orders", "referred_to_id")
    _add_unit("order_events", "other_unit_id")
    op.add_column("order_events", sa.Column("catalogue_row_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_order_events_catalogue_row_id_catalogue_rows"),
        "order_events",
        "catalogue_rows",
        ["catalogue_row_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_index(op.f("ix_order_events_catalogue_row_id"), "order_events", ["catalogue_row_id"], unique=False)
    op.add_column(
        "order_events",
        sa.Column(
            "remark",
            sa.Enum(*_REMARKS, name="remark", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
    )
    op.create_check_constraint(op.f("ck_order_events_move_or_remark"), "order_events", "move is null or remark is null")


def downgrade() -> None:
    for constraint in ("move_or_remark", "remark"):
        op.drop_constraint(op.f(f"ck_order_events_{constraint}"), "order_events")
    op.drop_column("order_events", "remark")
    op.drop_index(op.f("ix_order_events_catalogue_row_id"), table_name="order_events")
    op.drop_column("order_events", "catalogue_row_id")
    for table, column in (("order_events", "other_unit_id"), ("orders", "referred_to_id")):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
        op.drop_column(table, column)
    op.drop_index(op.f("ix_order_assistants_unit_id"), table_name="order_assistants")
    op.drop_table("order_assistants")
    op.drop_index(op.f("ix_catalogue_uses_user_id"), table_name="catalogue_uses")
    op.drop_index(op.f("ix_catalogue_uses_version_id"), table_name="catalogue_uses")
    op.drop_index("ix_catalogue_uses_unit_id_id", table_name="catalogue_uses")
    op.drop_table("catalogue_uses")
    op.drop_index(op.f("ix_catalogue_row_assistants_unit_id"), table_name="catalogue_row_assistants")
    op.drop_table("catalogue_row_assistants")
    op.drop_index(op.f("ix_catalogue_rows_unit_id"), table_name="catalogue_rows")
    op.drop_index(op.f("ix_catalogue_rows_place_id"), table_name="catalogue_rows")
    op.drop_table("catalogue_rows")
    op.drop_index(op.f("ix_catalogue_versions_user_id"), table_name="catalogue_versions")
    op.drop_table("catalogue_versions")
    # What the audit log says stays, and so does the list of what it may say.


def _make_catalogues() -> None:
    op.create_table(
        "catalogue_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _key("catalogue_versions", "unit_id", "units"),
        _key("catalogue_versions", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_versions")),
        sa.UniqueConstraint("unit_id", "number", name=op.f("uq_catalogue_versions_unit_id_number")),
    )
    op.create_index(op.f("ix_catalogue_versions_user_id"), "catalogue_versions", ["user_id"], unique=False)
    op.create_table(
        "catalogue_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column(
            "category",
            sa.Enum(*_CATEGORIES, name="category", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        _key("catalogue_rows", "version_id", "catalogue_versions"),
        _key("catalogue_rows", "place_id", "units"),
        _key("catalogue_rows", "unit_id", "units"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_rows")),
        sa.UniqueConstraint(
            "version_id",
            "category",
            "place_id",
            name=op.f("uq_catalogue_rows_version_id_category_place_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_catalogue_rows_place_id"), "catalogue_rows", ["place_id"], unique=False)
    op.create_index(op.f("ix_catalogue_rows_unit_id"), "catalogue_rows", ["unit_id"], unique=False)
    op.create_table(
        "catalogue_row_assistants",
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        _key("catalogue_row_assistants", "row_id", "catalogue_rows"),
        _key("catalogue_row_assistants", "unit_id", "units"),
        sa.PrimaryKeyConstraint("row_id", "unit_id", name=op.f("pk_catalogue_row_assistants")),
    )
    op.create_index(op.f("ix_catalogue_row_assistants_unit_id"), "catalogue_row_assistants", ["unit_id"], unique=False)


def _make_uses() -> None:
    op.create_table(
        "catalogue_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("used_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        _key("catalogue_uses", "unit_id", "units"),
        _key("catalogue_uses", "version_id", "catalogue_versions"),
        _key("catalogue_uses", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_uses")),
    )
    op.create_index("ix_catalogue_uses_unit_id_id", "catalogue_uses", ["unit_id", "id"], unique=False)
    op.create_index(op.f("ix_catalogue_uses_version_id"), "catalogue_uses", ["version_id"], unique=False)
    op.create_index(op.f("ix_catalogue_uses_user_id"), "catalogue_uses", ["user_id"], unique=False)


def _make_assistants() -> None:
    op.create_table(
        "order_assistants",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        _key("order_assistants", "order_id", "orders"),
        _key("order_assistants", "unit_id", "units"),
        sa.PrimaryKeyConstraint("order_id", "unit_id", name=op.f("pk_order_assistants")),
    )
    op.create_index(op.f("ix_order_assistants_unit_id"), "order_assistants", ["unit_id"], unique=False)


def _key(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{referred}")
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=name, ondelete="RESTRICT")


def _add_unit(table: str, column: str) -> None:
    op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
    op.create_foreign_key(op.f(f"fk_{table}_{column}_units"), table, "units", [column], ["id"], ondelete="RESTRICT")
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _hold_to(table: str, column: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, sa.column(column).in_(values))


def _hold_at_least(table: str, column: str, values: tuple[str, ...]) -> None:
    """On the way up again the list may be longer already, by what later revisions brought and rows hold."""
    written = op.get_bind().scalar(
        sa.text("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"),
        {"name": op.f(f"ck_{table}_{column}")},
    )
    before = re.findall(r"'(\w+)'", written or "")
    _hold_to(table, column, (*values, *(value for value in before if value not in values)))

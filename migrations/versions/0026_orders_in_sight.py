"""What lists of many orders are read by: what ends next, how pressing, and which units see an order."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_OPEN = "state not in ('closed', 'merged', 'invalid')"


def upgrade() -> None:
    op.add_column("orders", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("pressing", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("orders", sa.Column("seen_by", pg.ARRAY(sa.Integer()), nullable=False, server_default="{}"))
    _keep_them()
    op.execute("update orders set seen_by = units_that_see(id, unit_id, intake_unit_id, referred_to_id)")
    op.alter_column("orders", "pressing", server_default=None)
    op.alter_column("orders", "seen_by", server_default=None)
    op.drop_constraint("uq_orders_number", "orders", type_="unique")
    op.create_index(
        "uq_orders_number", "orders", ["number"], unique=True, postgresql_ops={"number": "varchar_pattern_ops"}
    )
    op.create_index("ix_orders_pressing_id", "orders", ["pressing", "id"])
    op.create_index("ix_orders_open", "orders", ["pressing", "id"], postgresql_where=sa.text(_OPEN))
    op.create_index("ix_orders_category_pressing_id", "orders", ["category", "pressing", "id"])
    op.create_index("ix_orders_urgency_pressing_id", "orders", ["urgency", "pressing", "id"])
    op.create_index(
        "ix_orders_gone",
        "orders",
        ["state", "pressing", "id"],
        postgresql_where=sa.text("state in ('merged', 'invalid')"),
    )
    op.create_index("ix_survey_rounds_opened_at", "survey_rounds", ["opened_at"])
    op.create_index(
        "ix_survey_rounds_ended_at", "survey_rounds", ["ended_at"], postgresql_where=sa.text("ended_at is not null")
    )
    op.create_index(
        "ix_orders_seen_by", "orders", ["seen_by"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )


def downgrade() -> None:
    op.drop_index("ix_survey_rounds_ended_at", table_name="survey_rounds")
    op.drop_index("ix_survey_rounds_opened_at", table_name="survey_rounds")
    for index in ("seen_by", "gone", "urgency_pressing_id", "category_pressing_id", "open", "pressing_id"):
        op.drop_index(f"ix_orders_{index}", table_name="orders")
    op.drop_index("uq_orders_number", table_name="orders")
    op.create_unique_constraint("uq_orders_number", "orders", ["number"])
    op.execute("drop trigger units_that_moved_see on units")
    op.execute("drop trigger order_assistants_see on order_assistants")
    op.execute("drop trigger orders_are_reckoned on orders")
    for function in ("see_after_move()", "see_as_assistant()", "reckon_order()", "units_that_see(int, int, int, int)"):
        op.execute(f"drop function {function}")
    for column in ("seen_by", "pressing", "due_at"):
        op.drop_column("orders", column)


def _keep_them() -> None:
    """Have the database write them down whenever what they are made of changes."""
    op.execute(
        r"""
        create function units_that_see(order_id int, unit_id int, intake_unit_id int, referred_to_id int)
        returns integer[] language sql stable as $$
          select coalesce(array_agg(distinct part::int order by part::int), '{}')
          from units, unnest(string_to_array(trim(both '/' from path), '/')) part
          where part ~ '^\d+$' and units.id in (
            select unnest(array[$2, $3, $4])
            union all select a.unit_id from order_assistants a where a.order_id = $1
          )
        $$
        """
    )
    # `due_at` is the clock that ends next, beside `services.desk.orders.clock_of`; least() passes over null.
    # `pressing` is a digit for the kind, then microseconds since 1970, which need no more than sixteen: open before
    # ended, emergencies before others, what has a limit before what has none; within these what ends next comes first,
    # and of what has no limit what came in last.
    op.execute(
        """
        create function reckon_order() returns trigger language plpgsql as $$
        begin
          new.due_at := case when new.state in
            ('received', 'triaged', 'dispatched', 'accepted', 'in_progress', 'referred', 'reopened') then least(
              case when new.accepted_at is null then new.accept_by end,
              case when new.contacted_at is null and (new.paused_at is null or new.contact_by <= new.paused_at)
                then new.contact_by end,
              case when new.resolved_at is null and new.reported_at is null
                and (new.paused_at is null or new.resolve_by <= new.paused_at) then new.resolve_by end
            ) end;
          new.pressing := 100000000000000000 * (
              case when new.state in ('closed', 'merged', 'invalid') then 0 else 4 end
              + case when new.urgency = 'emergency' then 2 else 0 end
              + case when new.due_at is null then 0 else 1 end
            ) + 1000000 * coalesce(-extract(epoch from new.due_at), extract(epoch from new.received_at));
          if tg_op = 'INSERT' or (new.unit_id, new.intake_unit_id, new.referred_to_id)
              is distinct from (old.unit_id, old.intake_unit_id, old.referred_to_id) then
            new.seen_by := units_that_see(new.id, new.unit_id, new.intake_unit_id, new.referred_to_id);
          end if;
          return new;
        end $$
        """
    )
    op.execute(
        """
        create trigger orders_are_reckoned before insert or update on orders
        for each row execute function reckon_order()
        """
    )
    op.execute(
        """
        create function see_as_assistant() returns trigger language plpgsql as $$
        begin
          update orders o set seen_by = units_that_see(o.id, o.unit_id, o.intake_unit_id, o.referred_to_id)
          where o.id in (old.order_id, new.order_id);
          return null;
        end $$
        """
    )
    op.execute(
        """
        create trigger order_assistants_see after insert or delete or update on order_assistants
        for each row execute function see_as_assistant()
        """
    )
    op.execute(
        """
        create function see_after_move() returns trigger language plpgsql as $$
        begin
          update orders o set seen_by = units_that_see(o.id, o.unit_id, o.intake_unit_id, o.referred_to_id)
          where o.unit_id = new.id or o.intake_unit_id = new.id or o.referred_to_id = new.id
            or o.id in (select a.order_id from order_assistants a where a.unit_id = new.id);
          return null;
        end $$
        """
    )
    op.execute(
        """
        create trigger units_that_moved_see after update of path on units
        for each row when (old.path <> new.path) execute function see_after_move()
        """
    )

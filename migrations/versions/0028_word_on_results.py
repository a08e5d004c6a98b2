"""A limit for the supervisor's word on a result that waits, with its own notices, and in the lists of orders."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_WAITS = "ck_orders_what_waits_has_a_limit"


def upgrade() -> None:
    op.add_column("orders", sa.Column("decide_by", sa.DateTime(timezone=True), nullable=True))
    _reckon(also=", new.decide_by")
    # By when it should have been is on nobody's record: a day each, and supervision looks at it at once.
    op.execute(
        """
        update orders set decide_by = reported_at + interval '1 day', look_at = reported_at
        where reported_at is not null
        """
    )
    op.create_check_constraint(op.f(_WAITS), "orders", "(reported_at is null) = (decide_by is null)")
    _allow_more("notices", "step", ("decide",))


def downgrade() -> None:
    """What notices say stays, with the list of what they may say; texts and readers refer to it.

    The program of before reads no notice about "decide": whoever goes back for good deletes these first.
    """
    op.drop_constraint(op.f(_WAITS), "orders")
    _reckon()
    op.drop_column("orders", "decide_by")


def _reckon(also: str = "") -> None:
    """Have the database keep lists as in 0026, with `also` among the clocks of which the first to end counts."""
    op.execute(
        f"""
        create or replace function reckon_order() returns trigger language plpgsql as $$
        begin
          new.due_at := case when new.state in
            ('received', 'triaged', 'dispatched', 'accepted', 'in_progress', 'referred', 'reopened') then least(
              case when new.accepted_at is null then new.accept_by end,
              case when new.contacted_at is null and (new.paused_at is null or new.contact_by <= new.paused_at)
                then new.contact_by end,
              case when new.resolved_at is null and new.reported_at is null
                and (new.paused_at is null or new.resolve_by <= new.paused_at) then new.resolve_by end
              {also}
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

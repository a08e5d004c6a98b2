"""The migrations on a real PostgreSQL: one line of them, to the models and back again, with the data kept."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import factories
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from factories import NOW
from sqlalchemy import Engine, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hotline.db import Base, make_sessions
from hotline.models import (
    Alarm,
    AlarmAttempt,
    Approval,
    CalendarDay,
    CatalogueRow,
    Channel,
    Direction,
    EmergencyMode,
    Extension,
    HandoverNote,
    LearningRound,
    LocalWord,
    MessageChannel,
    MessageState,
    ModelUse,
    Notice,
    NoticeReader,
    Order,
    Origin,
    Outcome,
    OutreachEvent,
    Pause,
    Place,
    ResultFile,
    RosterWarning,
    ShiftSwap,
    Statement,
    TextMessage,
    Transcript,
    Transfer,
    TransferFile,
    TransferPlatform,
    TransferResult,
    UnclearedList,
    UnclearedOrder,
    Unit,
    WordKind,
    WordState,
    Work,
)
from hotline.rules.alarms import AlarmState, RingState, Say
from hotline.rules.calendar import DayKind
from hotline.rules.clocks import Step
from hotline.rules.facts import FactName
from hotline.rules.learning import Figure
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.roster import SwapState
from hotline.rules.supervision import ApprovalState, Colour, ExtensionState, PauseState, Why
from hotline.services import audit, facts, learning, outbox, surveys
from hotline.services.access import SYSTEM
from stack.postgres import Postgres

_ROOT = Path(__file__).parents[2]


def configuration() -> Config:
    config = Config(_ROOT / "alembic.ini")
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    return config


REVISIONS = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions("base", "head")]
OLDEST_FIRST = REVISIONS[::-1]


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[Engine]:
    """A database in which nothing was ever made."""
    name = f"empty_{uuid4().hex[:12]}"
    postgres.create_database(name)
    engine = create_engine(postgres.url(name), poolclass=NullPool)
    yield engine
    engine.dispose()
    postgres.drop_database(name)


@pytest.fixture
def migrated(own_database_url: str) -> Iterator[Engine]:
    """A database at the newest revision."""
    engine = create_engine(own_database_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def migrate(engine: Engine, to: Callable[[Config, str], None], revision: str) -> None:
    config = configuration()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        to(config, revision)
        connection.commit()


def schema(engine: Engine) -> dict[str, Any]:
    """Tables with their columns, constraints, indexes and triggers, and the functions."""
    catalogue = {
        "columns": """
            select table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
            from information_schema.columns where table_schema = 'public' order by 1, 2
        """,
        "constraints": """
            select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
            where connamespace = 'public'::regnamespace order by 1, 2
        """,
        "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' order by 1, 2",
        "triggers": "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal order by 1, 2",
        "functions": "select proname from pg_proc where pronamespace = 'public'::regnamespace order by 1",
    }
    with engine.connect() as connection:
        return {name: connection.execute(text(query)).fetchall() for name, query in catalogue.items()}


def test_the_revisions_are_one_line() -> None:
    scripts = ScriptDirectory.from_config(configuration())

    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert [script.down_revision for script in scripts.walk_revisions("base", "head")] == [*REVISIONS[1:], None]


def test_revisions_are_numbered_in_their_order_and_named() -> None:
    files = sorted(path.stem for path in (_ROOT / "migrations" / "versions").glob("*.py"))

    assert [file.partition("_")[0] for file in files] == OLDEST_FIRST
    assert [f"{number:04d}" for number in range(1, len(files) + 1)] == OLDEST_FIRST
    assert all(file.partition("_")[2] for file in files)


def test_the_newest_revision_is_what_the_models_say(migrated: Engine) -> None:
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_revision_holds_each_column_to_what_the_models_say(migrated: Engine, empty: Engine) -> None:
    Base.metadata.create_all(empty)

    assert checks(migrated) == checks(empty)


def checks(engine: Engine) -> set[tuple[str, ...]]:
    query = """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where contype = 'c' and connamespace = 'public'::regnamespace
    """
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(query))}


def test_every_foreign_key_has_an_index_and_says_what_happens_on_delete(migrated: Engine) -> None:
    inspector = inspect(migrated)
    missing = []
    for table in inspector.get_table_names():
        keys = [index["column_names"] for index in inspector.get_indexes(table)]
        keys += [unique["column_names"] for unique in inspector.get_unique_constraints(table)]
        keys.append(inspector.get_pk_constraint(table)["constrained_columns"])
        for foreign in inspector.get_foreign_keys(table):
            (column,) = foreign["constrained_columns"]
            if not any(key[0] == column for key in keys if key):
                missing.append(f"{table}.{column} has no index")
            if not foreign["options"].get("ondelete"):
                missing.append(f"{table}.{column} says nothing on delete")

    assert missing == []


def test_every_instant_is_kept_with_its_zone(migrated: Engine) -> None:
    with migrated.connect() as connection:
        naive = connection.execute(
            text("select table_name, column_name from information_schema.columns where data_type like '%without time%'")
        ).fetchall()

    assert naive == []


def test_each_revision_down_and_up_again_is_the_same_schema(empty: Engine) -> None:
    for revision in OLDEST_FIRST:
        migrate(empty, command.upgrade, revision)
        once = schema(empty)

        migrate(empty, command.downgrade, "-1")
        migrate(empty, command.upgrade, revision)

        assert schema(empty) == once, revision


def test_all_the_way_down_nothing_is_left(empty: Engine) -> None:
    migrate(empty, command.upgrade, "head")

    migrate(empty, command.downgrade, "base")

    left = schema(empty)
    assert {row[0] for row in left["columns"]} == {"alembic_version"}
    assert left["functions"] == []


@pytest.fixture
def filled(migrated: Engine) -> Engine:
    """A database with something in every table."""
    with make_sessions(migrated).begin() as session:
        line = factories.line(session, factories.unit(session, parent=factories.unit(session)))
        session.add(Place(unit=line.unit, name="静溪新村"))
        session.add(ModelUse(line=line, model="vosk-model-small-cn-0.22", used_from=NOW))
        attempt = factories.talking(session, factories.attempt(session, line))
        sid = attempt.call.carrier_call_id if attempt.call else ""
        surveys.keyed(session, attempt, factories.told(sid or ""), "9", NOW, factories.ZONE)
        _say_something(session, attempt.round.order)
        factories.order(session, line, OrderState.REOPENED)
        learning.put_in_use(session, _learned(session), SYSTEM, NOW)
        session.add(LocalWord(word="静溪北村", kind=WordKind.PLACE, state=WordState.PROPOSED, typed_at=NOW))
        factories.order(session, line, OrderState.MERGED)
        factories.catalogue(session, line.unit, CatalogueRow(unit=line.unit, assisting=[factories.unit(session)]))
        factories.assist(session, attempt.round.order, line.unit)
        _on_duty(session, line.unit)
        alarm = Alarm(order=attempt.round.order, run=0, state=AlarmState.RINGING, begun_at=NOW, last_round=3)
        session.add(AlarmAttempt(alarm=alarm, attempt_number=1, token="0" * 32, **_NOT_RUNG))
        _watched(session, factories.order(session, line, OrderState.IN_PROGRESS))
        _passed_on(session, factories.order(session, line, OrderState.CLOSED))
        _reported(session, factories.order(session, line, OrderState.IN_PROGRESS))
    return migrated


def _passed_on(session: Session, order: Order) -> None:
    unit, told = order.unit, {"source": "12345", "unit": order.unit}
    session.add(TransferPlatform(name="12345", unit=unit, token_sha256="0" * 64, made_at=NOW))
    file = TransferFile(name="转办.csv", sha256="0" * 64, taken=1, known=[], refused=[], came_at=NOW, **told)
    transfer = Transfer(order=order, foreign_number="GZ2026032000001", file=file, passed_on_at=NOW, **told)
    result = TransferResult(transfer=transfer, order=order, resolution=1, state=order.state)
    session.add(ResultFile(made_at=NOW, results=[result], **told))


def _watched(session: Session, order: Order) -> None:
    unit, later = order.unit, NOW + timedelta(days=1)
    asked = {"order": order, "run": 0, "reason": "等待医院证明", "asked_at": NOW}
    session.add(CalendarDay(day=NOW.date(), kind=DayKind.HOLIDAY, name="元宵"))
    session.add(EmergencyMode(unit=unit, reason="寒潮", started_at=NOW, ends_at=later))
    session.add(Pause(state=PauseState.ASKED, until=later, zone=factories.ZONE.key, **asked))
    session.add(Extension(state=ExtensionState.ASKED, resolve_by=NOW, until=later, **asked))
    told = {"run": 0, "step": Step.CONTACT, "colour": Colour.BLUE, "due_at": later, "made_at": NOW}
    session.add(Notice(order=order, unit=unit, readers=[NoticeReader(unit=unit, role=Role.HANDLER)], **told))
    left = UnclearedOrder(order=order, state=order.state, since=NOW, is_overdue=False, why=Why.NOTHING_SAID)
    session.add(UnclearedList(unit=unit, day=NOW.date(), made_at=NOW, orders=[left]))


def _reported(session: Session, order: Order) -> None:
    handler = factories.user(session, order.unit, Role.HANDLER)
    told = {"outcome": Outcome.SOLVED, "done": "送去米面", "user": handler}
    session.add(Approval(order=order, run=0, state=ApprovalState.ASKED, asked_at=NOW, **told))
    factories.attachment(session, order, handler)


_NOT_RUNG: dict[str, Any] = {"state": RingState.PLANNED, "says": Say.ASK, "due_at": NOW}


def _on_duty(session: Session, unit: Unit) -> None:
    going, coming = factories.user(session, unit), factories.user(session, unit)
    shift = factories.shift(session, going)
    asked = {"asker_id": going.id, "asked_id": coming.id, "state": SwapState.ASKED, "asked_at": NOW}
    session.add(ShiftSwap(shift=shift, **asked))
    session.add(HandoverNote(unit=unit, shift=shift, author_id=going.id, text="夜里有两单待回", written_at=NOW))
    session.add(RosterWarning(unit=unit, day=NOW.date(), gaps=[], told_at=NOW))


def _learned(session: Session) -> LearningRound:
    made = LearningRound(asked_at=NOW)
    session.add(made)
    session.flush()
    learning.learned(session, made, "weights", {"category": Figure(40, 30, 30)}, NOW, examples=120)
    return made


def _say_something(session: Session, order: Order) -> None:
    recording = factories.recording(session, order.calls[0])
    about = {"recording": recording, "version": 1, "origin": Origin.MACHINE, "text": "", "words": []}
    session.add(Transcript(language="zh-CN", made_at=NOW, **about))
    sent = {
        "direction": Direction.OUTBOUND,
        "state": MessageState.SENT,
        "carrier": "twilio",
        "line": order.calls[0].line,
    }
    session.add(TextMessage(purpose="order_number", number=factories.CALLER, body="编号", made_at=NOW, **sent))
    reviewer = factories.actor(session, order.unit, *Role)
    session.add(Statement(order=order, channel=Channel.TEXT, text="家里没有米", made_at=NOW))
    session.add(OutreachEvent(unit=order.unit, name="救助政策进社区", held_on=NOW.date(), made_at=NOW))
    session.add(MessageChannel(unit=order.unit, name="wechat", reply_url="https://gateway.example/reply"))
    facts.confirm(session, order, FactName.SUMMARY, "家里没有米", reviewer, NOW, factories.ZONE)


def content(engine: Engine, tables: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables, in the columns named."""
    found = {}
    with engine.connect() as connection:
        for table, columns in tables.items():
            listed = ", ".join(f'"{column}"' for column in columns)
            rows = connection.execute(text(f"select {listed} from {table}")).fetchall()  # noqa: S608 - our own names
            found[table] = sorted(map(tuple, rows), key=repr)
    return found


def columns_of(engine: Engine) -> dict[str, list[str]]:
    query = """
        select table_name, array_agg(column_name::text order by column_name) from information_schema.columns
        where table_schema = 'public' and table_name <> 'alembic_version' group by table_name
    """
    with engine.connect() as connection:
        return dict(map(tuple, connection.execute(text(query))))


def test_the_tables_of_these_tests_all_hold_something(filled: Engine) -> None:
    assert [table for table, rows in content(filled, columns_of(filled)).items() if not rows] == []


def test_what_a_revision_has_room_for_is_kept_on_the_way_down_and_up_again(filled: Engine) -> None:
    for revision in OLDEST_FIRST[:0:-1]:
        newer = columns_of(filled)
        before = content(filled, newer)
        migrate(filled, command.downgrade, "-1")
        older = columns_of(filled)
        after = content(filled, older)
        same = [table for table, columns in older.items() if newer.get(table) == columns]
        assert {table: after[table] for table in same} == {table: before[table] for table in same}, revision

        migrate(filled, command.upgrade, "+1")
        assert columns_of(filled) == newer, revision
        assert content(filled, older) == after, revision
        migrate(filled, command.downgrade, "-1")


def test_what_a_machine_wrote_before_it_could_doubt_was_not_judged(filled: Engine) -> None:
    migrate(filled, command.downgrade, "0016")
    migrate(filled, command.upgrade, "head")

    with filled.connect() as connection:
        judged = connection.execute(text("select distinct origin, is_judged from transcripts")).all()
    assert [tuple(row) for row in judged] == [("machine", False)]


def test_the_append_only_tables_are_guarded_after_a_way_down_and_up(filled: Engine) -> None:
    migrate(filled, command.downgrade, "0006")
    migrate(filled, command.upgrade, "head")
    with make_sessions(filled).begin() as session:
        audit.note(session, SYSTEM, audit.Action.SIGNED_OUT, NOW)

    for table in ("order_events", "audit_log"):
        for statement in (f"update {table} set at = now()", f"delete from {table}"):  # noqa: S608 - our own names
            with pytest.raises(DBAPIError, match="only ever added"), filled.begin() as connection:
                connection.execute(text(statement))


def test_new_work_is_told_to_whoever_listens(migrated: Engine) -> None:
    with migrated.connect().execution_options(isolation_level="AUTOCOMMIT") as listener:
        listener.execute(text("listen outbox"))
        with make_sessions(migrated).begin() as session:
            outbox.ask(session, Work.FETCH_RECORDING, 1, NOW)

        driver = listener.connection.dbapi_connection
        assert driver is not None
        assert [told.channel for told in driver.notifies(timeout=5, stop_after=1)] == ["outbox"]


def test_work_that_is_done_is_told_to_nobody(migrated: Engine) -> None:
    sessions = make_sessions(migrated)
    with sessions.begin() as session:
        outbox.ask(session, Work.FETCH_RECORDING, 1, NOW)
    with migrated.connect().execution_options(isolation_level="AUTOCOMMIT") as listener:
        listener.execute(text("listen outbox"))
        with sessions.begin() as session:
            (entry,) = outbox.take_due(session, NOW)
            outbox.finish(entry, NOW)

        driver = listener.connection.dbapi_connection
        assert driver is not None
        assert list(driver.notifies(timeout=0.2)) == []


def test_orders_from_before_supervision_are_looked_at_if_somebody_has_to_act(filled: Engine) -> None:
    migrate(filled, command.downgrade, "0020")
    migrate(filled, command.upgrade, "head")

    with filled.connect() as connection:
        watched = connection.execute(text("select distinct state from orders where look_at is not null")).scalars()
        assert set(watched) == {"in_progress", "reopened", "received"}

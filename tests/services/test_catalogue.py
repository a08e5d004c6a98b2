"""The dispatch catalogue on a real database: its versions, who gets an order by it, and what goes by itself."""

import threading

import factories
import pytest
from factories import LATER, NOW, ZONE
from sqlalchemy import delete, event, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import (
    Action,
    AuditEntry,
    CatalogueRow,
    CatalogueUse,
    CatalogueVersion,
    Fact,
    Level,
    Order,
    Origin,
    Unit,
)
from hotline.rules.catalogue import Ground, Hold
from hotline.rules.facts import Category, FactName
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.policy import PolicyError
from hotline.rules.roles import Role
from hotline.services import assistance, catalogue, facts, orders, policies
from hotline.services.access import SYSTEM, NotAllowedError
from hotline.services.catalogue import (
    CatalogueChangedError,
    CatalogueUnitError,
    NewRow,
    NobodyGetsItError,
    NoSuchVersionError,
    NoteMissingError,
    UnusableCatalogueError,
)
from hotline.services.csv_files import UnusableRowsError
from hotline.services.desk import log

PATIENCE_S = 10
SUPPLIES, MEDICAL, HOMELESS = Category.SUPPLIES, Category.MEDICAL, Category.HOMELESS


class Town:
    """A city with two streets and a department; one street has two communities, and a line."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.city = factories.unit(session, "city", level=Level.CITY, name="市")
        self.street = factories.unit(session, "street", parent=self.city, name="京溪街道")
        self.other = factories.unit(session, "other", parent=self.city, name="同和街道")
        self.east = factories.unit(session, "east", parent=self.street, level=Level.COMMUNITY, name="东社区")
        self.west = factories.unit(session, "west", parent=self.street, level=Level.COMMUNITY, name="西社区")
        self.department = factories.unit(session, "dept", parent=self.city, level=Level.DEPARTMENT, name="民政局")
        self.line = factories.line(session, self.street)
        self.keeper = factories.actor(session, self.street, Role.DISPATCHER)

    def staff(self, *units: Unit) -> None:
        for unit in units:
            factories.user(self.session, unit, Role.HANDLER)

    def keep(self, *rows: NewRow, of: Unit | None = None) -> CatalogueVersion:
        return catalogue.store(self.session, of or self.street, rows, "试行", SYSTEM, NOW)

    def bring_in(self, *lines: str, heading: str = "category,place,unit,assisting") -> catalogue.Imported:
        content = "\n".join([heading, *lines, ""]).encode()
        return catalogue.bring_in(self.session, self.street, "c.csv", content, "导入", self.keeper, NOW)

    def order(self, category: Category | None, place: Unit | None, state: OrderState = OrderState.RECEIVED) -> Order:
        """An order whose category and place a person confirmed."""
        made = factories.order(self.session, self.line)
        reviewer = factories.actor(self.session, self.street, Role.CALL_TAKER)
        facts.confirm(self.session, made, FactName.CATEGORY, category, reviewer, NOW, ZONE)
        facts.confirm(self.session, made, FactName.PLACE, place.code if place else None, reviewer, NOW, ZONE)
        if state == OrderState.TRIAGED:
            orders.triage(self.session, made, SYSTEM, NOW)
        return made

    def recipient(self, category: Category | None, place: Unit | None) -> tuple[Ground, Unit | None]:
        found = catalogue.recipient(self.session, self.street, category, place)
        return found.ground, found.unit


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


# Versions


def test_each_change_is_a_whole_version_with_who_when_and_why(session: Session, town: Town) -> None:
    first = catalogue.store(session, town.street, [NewRow(SUPPLIES, None, town.east)], " 首次录入 ", town.keeper, NOW)
    second = catalogue.set_row(
        session, town.street, NewRow(MEDICAL, town.west, town.west), "西社区设点", town.keeper, LATER
    )

    assert [(each.number, each.note, each.user_id, each.made_at) for each in (first, second)] == [
        (1, "首次录入", town.keeper.user_id, NOW),
        (2, "西社区设点", town.keeper.user_id, LATER),
    ]
    assert [row.category for row in catalogue.rows_of(session, first)] == [SUPPLIES]
    assert [row.category for row in catalogue.rows_of(session, second)] == [SUPPLIES, MEDICAL]
    assert catalogue.in_use(session, town.street) is second
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject_id, entry.detail) == (Action.CATALOGUE_CHANGED, second.id, "street 2")


def test_a_row_for_the_same_orders_takes_the_place_of_the_old_one(session: Session, town: Town) -> None:
    town.keep(NewRow(None, town.east, town.east), NewRow(None, None, town.street))

    made = catalogue.set_row(session, town.street, NewRow(None, town.east, town.west), "换人", town.keeper, NOW)

    assert [row.unit for row in catalogue.rows_of(session, made)] == [town.west, town.street]


def test_a_row_is_dropped_from_the_present_version_only(session: Session, town: Town) -> None:
    old = town.keep(NewRow(SUPPLIES, None, town.east))
    present = town.keep(NewRow(None, None, town.street), NewRow(None, town.east, town.east))

    with pytest.raises(NoSuchVersionError):
        catalogue.drop_row(session, town.street, old.rows[0].id, "撤销", town.keeper, NOW)
    made = catalogue.drop_row(session, town.street, present.rows[0].id, "撤销", town.keeper, NOW)

    assert [row.place for row in catalogue.rows_of(session, made)] == [town.east]


def test_an_older_version_is_put_back_and_the_change_stays_on_record(session: Session, town: Town) -> None:
    first = town.keep(NewRow(None, None, town.east))
    town.keep(NewRow(None, None, town.west))

    catalogue.use(session, town.street, first, "误改", town.keeper, LATER)

    assert catalogue.in_use(session, town.street) is first
    assert town.recipient(SUPPLIES, None) == (Ground.ROW, town.east)
    assert [use.version.number for use in catalogue.uses(session, town.street) if use.version] == [1, 2, 1]
    assert catalogue.uses(session, town.street)[0].note == "误改"
    assert town.keep(NewRow(None, None, town.west)).number == 3


def test_a_unit_may_go_without_a_catalogue_of_its_own(session: Session, town: Town) -> None:
    town.keep(NewRow(None, None, town.west))

    catalogue.use(session, town.street, None, "改用市级目录", town.keeper, NOW)

    assert catalogue.in_use(session, town.street) is None
    assert town.recipient(SUPPLIES, None) == (Ground.NO_PLACE, None)


def test_a_version_of_another_unit_is_not_put_in_use(session: Session, town: Town) -> None:
    theirs = town.keep(NewRow(None, None, town.other), of=town.other)

    with pytest.raises(NoSuchVersionError):
        catalogue.use(session, town.street, theirs, "借用", SYSTEM, NOW)
    with pytest.raises(NoSuchVersionError):
        catalogue.version(session, town.street, 1)


def test_a_change_says_why(session: Session, town: Town) -> None:
    with pytest.raises(NoteMissingError):
        catalogue.store(session, town.street, [NewRow(None, None, town.east)], " \n", town.keeper, NOW)


@pytest.mark.parametrize("level", [Level.COMMUNITY, Level.GRID, Level.DEPARTMENT, Level.CHARITY])
def test_only_cities_districts_and_streets_keep_one(session: Session, level: Level) -> None:
    unit = factories.unit(session, level=level)

    with pytest.raises(CatalogueUnitError):
        catalogue.store(session, unit, [NewRow(None, None, unit)], "试行", SYSTEM, NOW)


@pytest.mark.parametrize("role", sorted(Role))
def test_who_keeps_a_catalogue(session: Session, town: Town, role: Role) -> None:
    here, there, above = (factories.actor(session, unit, role) for unit in (town.street, town.other, town.city))
    rows = [NewRow(None, None, town.east)]

    with pytest.raises(NotAllowedError):
        catalogue.store(session, town.street, rows, "试行", there, NOW)
    if role in catalogue.KEEPERS:
        catalogue.store(session, town.street, rows, "试行", here, NOW)
        catalogue.store(session, town.street, rows, "试行", above, NOW)
    else:
        with pytest.raises(NotAllowedError):
            catalogue.store(session, town.street, rows, "试行", here, NOW)


def test_rows_that_cannot_be_are_refused(session: Session, town: Town) -> None:
    for rows in (
        [NewRow(None, town.department, town.east)],
        [NewRow(None, None, town.east, (town.east,))],
        [NewRow(None, None, town.east, (town.west, town.west))],
        [NewRow(None, None, town.east), NewRow(None, None, town.west)],
    ):
        with pytest.raises(UnusableCatalogueError):
            town.keep(*rows)
    assert catalogue.versions(session, town.street) == []


def test_the_database_too_holds_a_version_to_one_row_for_the_same_orders(session: Session, town: Town) -> None:
    made = town.keep(NewRow(None, None, town.east))

    session.add(CatalogueRow(version_id=made.id, unit=town.west))
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    "change",
    [
        update(CatalogueVersion).values(note="改过"),
        delete(CatalogueUse),
        update(CatalogueRow).values(category=Category.OTHER),
    ],
)
def test_what_was_kept_cannot_be_changed_or_removed(session: Session, town: Town, change) -> None:
    town.keep(NewRow(None, None, town.east, (town.west,)))

    with pytest.raises(DBAPIError, match="only ever added"):
        session.execute(change)


def test_who_looked_before_somebody_else_changed_it_is_told(session: Session, town: Town) -> None:
    row = NewRow(None, None, town.east)
    catalogue.store(session, town.street, [row], "首次", town.keeper, NOW, seen=0)

    with pytest.raises(CatalogueChangedError) as told:
        catalogue.store(session, town.street, [row], "首次", town.keeper, NOW, seen=0)

    assert told.value.current is not None
    assert told.value.current.number == 1
    catalogue.set_row(session, town.street, row, "再改", town.keeper, NOW, seen=1)


def test_of_two_who_change_it_at_once_the_second_waits_and_is_told(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        town = Town(session)
        street_id, unit_id = town.street.id, town.east.id
    told: list[BaseException] = []

    def change(session: Session) -> None:
        street, unit = session.get_one(Unit, street_id), session.get_one(Unit, unit_id)
        catalogue.store(session, street, [NewRow(None, None, unit)], "同时", SYSTEM, NOW, seen=0)

    def change_too() -> None:
        try:
            with own_sessions.begin() as session:
                change(session)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is looked at below
            told.append(error)

    with own_sessions.begin() as session:
        change(session)
        second = threading.Thread(target=change_too)
        second.start()
        second.join(0.5)
        assert second.is_alive(), "the second must wait for the first"
    second.join(PATIENCE_S)

    assert [type(error) for error in told] == [CatalogueChangedError]
    with own_sessions() as session:
        assert session.scalars(select(CatalogueVersion.number)).all() == [1]


def test_what_the_command_line_changed_is_in_the_log_of_whose_catalogue_it_is(session: Session, town: Town) -> None:
    town.keep(NewRow(None, None, town.east))
    catalogue.use(session, town.street, None, "停用", SYSTEM, NOW)
    policies.set_automatic(session, town.street, is_on=True, confidence=None, actor=SYSTEM, now=NOW)

    def seen_from(unit: Unit) -> list[Action]:
        return [entry.action for entry in log.listed(session, factories.actor(session, unit, *Role), None).rows]

    assert seen_from(town.street) == [Action.AUTO_DISPATCH_SET, Action.CATALOGUE_CHOSEN, Action.CATALOGUE_CHANGED]
    assert seen_from(town.other) == []


# Who gets it


def test_the_narrowest_row_names_the_unit(town: Town) -> None:
    town.keep(
        NewRow(None, None, town.street),
        NewRow(SUPPLIES, None, town.department),
        NewRow(None, town.east, town.east),
        NewRow(MEDICAL, town.east, town.west),
    )

    assert town.recipient(HOMELESS, None) == (Ground.ROW, town.street)
    assert town.recipient(SUPPLIES, town.west) == (Ground.ROW, town.department)
    assert town.recipient(SUPPLIES, town.east) == (Ground.ROW, town.east)
    assert town.recipient(MEDICAL, town.east) == (Ground.ROW, town.west)


def test_a_row_for_a_place_is_for_all_below_it(session: Session, town: Town) -> None:
    grid = factories.unit(session, parent=town.east, level=Level.GRID)
    town.keep(NewRow(None, town.east, town.east))

    assert town.recipient(None, grid) == (Ground.ROW, town.east)


def test_the_catalogue_of_the_lower_unit_comes_first_and_then_the_one_above(session: Session, town: Town) -> None:
    town.keep(NewRow(SUPPLIES, None, town.east))
    town.keep(NewRow(SUPPLIES, None, town.other), NewRow(MEDICAL, None, town.department), of=town.city)
    town.keep(NewRow(None, None, town.other), of=town.other)

    assert town.recipient(SUPPLIES, None) == (Ground.ROW, town.east)
    assert town.recipient(MEDICAL, None) == (Ground.ROW, town.department)
    assert town.recipient(HOMELESS, None) == (Ground.NO_PLACE, None)
    assert [each.unit for each in catalogue.counting(session, town.east)] == [town.street, town.city]


def test_without_a_row_it_goes_where_handlers_work(town: Town) -> None:
    assert town.recipient(SUPPLIES, town.east) == (Ground.NOBODY, None)
    town.staff(town.city)
    assert town.recipient(SUPPLIES, town.east) == (Ground.ABOVE, town.city)
    town.staff(town.street, town.west)
    assert town.recipient(SUPPLIES, town.east) == (Ground.ABOVE, town.street)
    town.staff(town.east)
    assert town.recipient(SUPPLIES, town.east) == (Ground.PLACE, town.east)
    assert town.recipient(SUPPLIES, None) == (Ground.NO_PLACE, None)


def test_handlers_who_left_and_people_of_other_roles_do_not_count(session: Session, town: Town) -> None:
    factories.user(session, town.east, Role.DISPATCHER, Role.SUPERVISOR)
    factories.user(session, town.east, Role.HANDLER).is_active = False
    session.flush()

    assert town.recipient(SUPPLIES, town.east) == (Ground.NOBODY, None)


def test_a_row_whose_unit_nobody_could_sign_for_says_so(session: Session, town: Town) -> None:
    town.keep(NewRow(None, None, town.east))
    assert not catalogue.recipient(session, town.street, None, None).has_signer
    assert catalogue.without_signers(session, [town.east, town.west]) == [town.east, town.west]

    town.staff(town.street)

    assert catalogue.recipient(session, town.street, None, None).has_signer
    assert catalogue.without_signers(session, [town.east, town.department]) == [town.department]


# Dispatching by it


def test_a_dispatch_names_the_row_and_brings_who_assists(session: Session, town: Town) -> None:
    version = town.keep(NewRow(SUPPLIES, None, town.east, (town.department, town.west)))
    order = town.order(SUPPLIES, town.east, OrderState.TRIAGED)

    catalogue.dispatch(session, order, town.keeper, LATER)

    assert (order.state, order.unit_id) == (OrderState.DISPATCHED, town.east.id)
    event = next(event for event in order.history if event.move == Move.DISPATCH)
    assert (event.catalogue_row, event.reason) == (version.rows[0], "catalogue:row")
    assert event.catalogue_row.version.number == 1
    assert {each.unit for each in order.assistants} == {town.department, town.west}
    added = [event for event in order.history if event.remark == Remark.ASSISTANT_ADDED]
    assert {event.other_unit for event in added} == {town.department, town.west}
    assert {event.user_id for event in added} == {town.keeper.user_id}


def test_a_dispatch_by_the_tree_says_so(session: Session, town: Town) -> None:
    town.staff(town.east)
    order = town.order(SUPPLIES, town.east, OrderState.TRIAGED)

    catalogue.dispatch(session, order, town.keeper, LATER, "请尽快")

    assert order.unit_id == town.east.id
    assert (order.history[-1].catalogue_row, order.history[-1].reason) == (None, "请尽快")


def test_an_order_that_nobody_gets_stays_as_it_is(session: Session, town: Town) -> None:
    order = town.order(SUPPLIES, None, OrderState.TRIAGED)

    with pytest.raises(NobodyGetsItError) as told:
        catalogue.dispatch(session, order, town.keeper, NOW)

    assert told.value.ground == Ground.NO_PLACE
    assert order.state == OrderState.TRIAGED


# By itself


@pytest.fixture
def automatic(session: Session, town: Town) -> Town:
    """Where orders of any kind go to the east, and by themselves."""
    town.keep(NewRow(None, None, town.east, (town.west,)))
    town.staff(town.street)
    policies.set_automatic(session, town.street, is_on=True, confidence=None, actor=SYSTEM, now=NOW)
    return town


def kept(order: Order) -> str | None:
    """Why the order waits for a dispatcher, as its history says."""
    assert order.state == OrderState.TRIAGED
    last = order.history[-1]
    return last.reason if last.remark == Remark.KEPT else None


def test_a_reviewed_order_goes_on_by_itself_where_the_unit_allows_it(session: Session, automatic: Town) -> None:
    order = automatic.order(SUPPLIES, automatic.west)

    found = catalogue.triage(session, order, factories.actor(session, automatic.street, Role.CALL_TAKER), NOW)

    assert found is not None
    assert (order.state, order.unit_id) == (OrderState.DISPATCHED, automatic.east.id)
    event = next(event for event in order.history if event.move == Move.DISPATCH)
    assert (event.user_id, event.reason) == (None, "catalogue:row")
    assert event.catalogue_row is not None
    assert [each.unit for each in order.assistants] == [automatic.west]


def test_emergencies_go_by_themselves_too(session: Session, automatic: Town) -> None:
    order = automatic.order(MEDICAL, automatic.east)
    reviewer = factories.actor(session, automatic.street, Role.CALL_TAKER)
    facts.confirm(session, order, FactName.URGENCY, "emergency", reviewer, NOW, ZONE)

    catalogue.triage(session, order, SYSTEM, NOW)

    assert order.state == OrderState.DISPATCHED


def test_it_is_off_unless_the_unit_says_otherwise(session: Session, town: Town) -> None:
    town.keep(NewRow(None, None, town.east))
    town.staff(town.street)
    order = town.order(SUPPLIES, town.east)

    assert catalogue.triage(session, order, SYSTEM, NOW) is None
    assert kept(order) is None


def test_a_secret_order_waits_for_a_person(session: Session, automatic: Town) -> None:
    order = automatic.order(SUPPLIES, automatic.east)
    order.is_secret = True

    catalogue.triage(session, order, SYSTEM, NOW)

    assert kept(order) == f"catalogue:{Hold.SECRET}"


def test_a_returned_order_waits_for_a_person(session: Session, automatic: Town) -> None:
    order = automatic.order(SUPPLIES, automatic.east)
    catalogue.triage(session, order, SYSTEM, NOW)
    factories.step(session, order, Move.RETURN)

    assert catalogue.dispatch_by_itself(session, order, LATER) is None
    assert kept(order) == f"catalogue:{Hold.RETURNED}"


def test_an_order_at_a_unit_where_nobody_signs_waits(session: Session, automatic: Town) -> None:
    automatic.keep(NewRow(None, None, automatic.department))
    order = automatic.order(SUPPLIES, automatic.east)

    catalogue.triage(session, order, SYSTEM, NOW)

    assert kept(order) == f"catalogue:{Hold.NO_SIGNER}"


def test_without_a_recipient_the_history_says_why_it_waits(session: Session, automatic: Town) -> None:
    catalogue.use(session, automatic.street, None, "停用", SYSTEM, NOW)
    order = automatic.order(SUPPLIES, automatic.other)

    catalogue.triage(session, order, SYSTEM, NOW)

    assert kept(order) == f"catalogue:{Ground.NOBODY}"


def test_only_a_reviewed_order_goes_by_itself(session: Session, automatic: Town) -> None:
    order = automatic.order(SUPPLIES, automatic.east)

    assert catalogue.dispatch_by_itself(session, order, NOW) is None
    assert order.state == OrderState.RECEIVED


def guessed(session: Session, town: Town, category: float, place: float) -> Order:
    """An order whose category and place the machine is that sure of."""
    order = factories.order(session, town.line)
    heard = factories.transcript(session, order.calls[0], "东社区没有米了")
    for name, value, confidence in (
        (FactName.CATEGORY, SUPPLIES.value, category),
        (FactName.PLACE, town.east.code, place),
    ):
        order.facts.append(
            Fact(
                name=name,
                content={"value": value},
                evidence=[{"text": "米"}],
                confidence=confidence,
                origin=Origin.MACHINE,
                transcript=heard,
                made_at=NOW,
            )
        )
    order.category, order.place_id = SUPPLIES, town.east.id
    session.flush()
    return order


@pytest.mark.parametrize(
    ("category", "place", "expected"),
    [
        (0.9, 0.9, None),
        (0.89, 0.99, Hold.UNSURE_CATEGORY),
        (0.99, 0.5, Hold.UNSURE_PLACE),
    ],
)
def test_what_a_machine_understood_must_be_sure_enough(
    session: Session, automatic: Town, category: float, place: float, expected: Hold | None
) -> None:
    order = guessed(session, automatic, category, place)

    catalogue.triage(session, order, SYSTEM, NOW)

    assert (order.state == OrderState.DISPATCHED) == (expected is None)
    if expected is not None:
        assert kept(order) == f"catalogue:{expected}"


def test_how_sure_is_the_units_to_say(session: Session, automatic: Town) -> None:
    supervisor = factories.actor(session, automatic.street, Role.SUPERVISOR)
    policies.set_automatic(session, automatic.street, is_on=True, confidence=0.4, actor=supervisor, now=NOW)
    order = guessed(session, automatic, 0.5, 0.5)

    catalogue.triage(session, order, SYSTEM, NOW)

    assert order.state == OrderState.DISPATCHED
    assert automatic.street.policy["auto_confidence"] == 0.4
    assert automatic.street.policy["calls_from"] == "00:00"
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == Action.AUTO_DISPATCH_SET)).all()[-1]
    assert (entry.user_id, entry.subject_id, entry.detail) == (supervisor.user_id, automatic.street.id, "on 0.4")


def test_who_may_not_set_it_and_what_cannot_be_set(session: Session, town: Town) -> None:
    for actor in (town.keeper, factories.actor(session, town.other, Role.SUPERVISOR)):
        with pytest.raises(NotAllowedError):
            policies.set_automatic(session, town.street, is_on=True, confidence=None, actor=actor, now=NOW)
    with pytest.raises(PolicyError):
        policies.set_automatic(session, town.street, is_on=True, confidence=1.5, actor=SYSTEM, now=NOW)
    assert "auto_dispatch" not in town.street.policy


def test_two_who_review_at_once_dispatch_once(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        town = Town(session)
        town.keep(NewRow(None, None, town.east))
        town.staff(town.street)
        policies.set_automatic(session, town.street, is_on=True, confidence=None, actor=SYSTEM, now=NOW)
        order_id = town.order(SUPPLIES, town.east, OrderState.TRIAGED).id

    def go() -> None:
        with own_sessions.begin() as session:
            catalogue.dispatch_by_itself(session, orders.lock(session, order_id), NOW)

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)

    with own_sessions() as session:
        order = session.get_one(Order, order_id)
        assert [event.move for event in order.history].count(Move.DISPATCH) == 1


# Files


def test_a_file_becomes_a_version_and_a_version_the_same_file(session: Session, town: Town) -> None:
    imported = town.bring_in(
        "生活物资,east,east,west|dept", "medical,,dept,", ",西社区,京溪街道,", "任意,*,street,", ",,,"
    )

    rows = catalogue.rows_of(session, imported.version)
    assert [(row.category, row.place, row.unit) for row in rows] == [
        (SUPPLIES, town.east, town.east),
        (MEDICAL, None, town.department),
        (None, town.west, town.street),
        (None, None, town.street),
    ]
    assert rows[0].assisting == [town.department, town.west]
    text = catalogue.written(session, imported.version)
    again = catalogue.bring_in(
        session, town.street, "again.csv", text.encode("utf-8-sig"), "再导入", town.keeper, LATER
    )
    assert catalogue.written(session, again.version) == text
    assert again.version.number == 2


def test_an_import_names_units_where_nobody_could_sign(town: Town) -> None:
    town.staff(town.street)

    assert town.bring_in("supplies,,east,", "medical,,dept,", "other,,dept,").unstaffed == (town.department,)


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("米,,east,", "'米' is no category"),
        ("supplies,nowhere,east,", "there is no unit 'nowhere'"),
        ("supplies,dept,east,", "is no place"),
        ("supplies,,,", "the unit must not be empty"),
        ("supplies,,nobody,", "there is no unit 'nobody'"),
        ("supplies,,east,east", "cannot assist itself"),
        ("supplies,,east,west|west", "assists twice"),
        ("supplies,,east,west|gone", "there is no unit 'gone'"),
        ("supplies,,双名街道,", "several units are called '双名街道': write one of the codes twin-a, twin-b"),
        (",,street,", "stand in c.csv:2 already"),
        ("supplies,,ea\x07st,", "a character that cannot be shown"),
        ("supplies,,east,,,", "more columns than the heading has"),
    ],
)
def test_a_row_that_cannot_be_is_told_with_its_line_and_nothing_changes(
    session: Session, town: Town, line: str, trouble: str
) -> None:
    for code in ("twin-a", "twin-b"):
        factories.unit(session, code, parent=town.city, name="双名街道")

    with pytest.raises(UnusableRowsError) as told:
        town.bring_in("*,,street,", line, "medical,,east,", "坏,,east,")

    assert any(each.startswith("c.csv:3: ") and trouble in each for each in told.value.troubles)
    assert any(each.startswith("c.csv:5: ") for each in told.value.troubles)
    assert catalogue.versions(session, town.street) == []


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", "c.csv:1: no column category, place, unit"),
        (b"category,place,unit\n", "there is no row"),
        ("category,place,unit\n生活物资,,east".encode("gbk"), "c.csv:2: these are no characters of UTF-8"),
        (b'category,place,unit\n"supplies,,east', "unexpected end of data"),
    ],
)
def test_a_file_that_is_none_is_told(session: Session, town: Town, content: bytes, trouble: str) -> None:
    with pytest.raises(UnusableRowsError, match=trouble):
        catalogue.bring_in(session, town.street, "c.csv", content, "导入", town.keeper, NOW)


def test_samples_are_read_out_of_a_file(session: Session, town: Town) -> None:
    found = catalogue.samples(session, "s.csv", "category,place\n生活物资,east\n,\nmedical,\n".encode())

    assert [(each.category, each.place) for each in found] == [(SUPPLIES, town.east), (None, None), (MEDICAL, None)]
    with pytest.raises(UnusableRowsError, match=r"s\.csv:2: there is no unit 'gone'"):
        catalogue.samples(session, "s.csv", b"category,place\nmedical,gone\n")


def test_of_a_long_catalogue_only_the_rows_that_could_fit_are_read(session: Session, town: Town) -> None:
    places = [factories.unit(session, parent=town.city, level=Level.STREET) for _ in range(300)]
    town.keep(*[NewRow(None, place, place) for place in places], NewRow(None, None, town.east), of=town.city)
    session.expunge_all()
    street, place = session.get_one(Unit, town.street.id), session.get_one(Unit, places[7].id)
    read: list[int] = []

    def note(row: CatalogueRow, _context: object) -> None:
        read.append(row.id)

    event.listen(CatalogueRow, "load", note)
    try:
        found = catalogue.recipient(session, street, SUPPLIES, place)
    finally:
        event.remove(CatalogueRow, "load", note)

    assert found.unit is place
    assert len(read) == 2


def test_dispatching_anew_has_those_assist_whom_the_row_names(session: Session, town: Town) -> None:
    town.keep(NewRow(None, None, town.east, (town.west, town.department)))
    order = town.order(SUPPLIES, town.east, OrderState.TRIAGED)
    supervisor = factories.actor(session, town.street, Role.SUPERVISOR)
    assistance.add(session, order, town.other, supervisor, NOW)
    assistance.add(session, order, town.west, supervisor, NOW)

    catalogue.dispatch(session, order, town.keeper, LATER)

    assert {each.unit for each in order.assistants} == {town.west, town.department}
    assert [event.other_unit for event in order.history if event.remark == Remark.ASSISTANT_REMOVED] == [town.other]

"""Rows and records for tests: functions with defaults, each making one thing that the service could have made."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hotline.models import (
    Alarm,
    Attachment,
    Call,
    CatalogueRow,
    CatalogueUse,
    CatalogueVersion,
    Channel,
    Direction,
    Level,
    Line,
    Order,
    OrderAssistant,
    Origin,
    Outcome,
    Recording,
    RecordingKind,
    RecordingState,
    Shift,
    Statement,
    SurveyAttempt,
    TextMessage,
    Transcript,
    Unit,
    User,
    UserRole,
)
from hotline.rules.attachments import AttachmentKind
from hotline.rules.call_flow import CallState
from hotline.rules.facts import FactName
from hotline.rules.order_states import Move, OrderState
from hotline.rules.policy import LIMITS
from hotline.rules.roles import Role
from hotline.rules.roster import Post
from hotline.services import correspondence, facts, intake, orders, results, surveys
from hotline.services.access import SYSTEM, Actor, actor_for
from hotline.services.correspondence import Written
from hotline.services.receipts import RecordingTold, Told
from hotline.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
# A Monday, ten in the morning where the hotline is.
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

# A directory for settings that nothing is written with.
NOWHERE = Path("/nonexistent")
LINE = "+862012345678"
DUTY = "+862087654321"
CALLER = "+8613800138000"
LANDLINE = "+862088887777"
ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "0123456789abcdef" * 2
BASE_URL = "https://hotline.example"

_next = count(1)


def settings(directory: Path, **changes: Any) -> Settings:
    """Settings that write below `directory` and reach nothing but what `changes` name."""
    told = {
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "redis_url": "redis://127.0.0.1:1/0",
        "secret_key": "a-key-of-at-least-thirty-two-characters",
        "public_base_url": BASE_URL,
        "twilio_account_sid": ACCOUNT_SID,
        "twilio_auth_token": AUTH_TOKEN,
        "recordings_url": f"file://{directory / 'recordings'}",
        "journal_dir": directory / "journal",
        "session_cookie_secure": False,
    }
    return Settings.from_env(**{**told, **changes})


class SetClock:
    """A clock that stands where the test set it."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time that was set."""
        return self.at


def call_sid(number: int | None = None) -> str:
    """A carrier's name for a call."""
    return f"CA{number if number is not None else next(_next):032x}"


def recording_sid(number: int | None = None) -> str:
    """A carrier's name for a recording."""
    return f"RE{number if number is not None else next(_next):032x}"


def unit(session: Session, code: str = "", *, parent: Unit | None = None, **more: Any) -> Unit:
    """A unit, below `parent` if there is one; calls may leave at any hour unless `policy` says otherwise."""
    number = next(_next)
    made = Unit(
        code=code or f"unit-{number}",
        name=more.pop("name", f"第{number}街道"),
        level=more.pop("level", Level.STREET),
        parent=parent,
        path=f"?{number}",
        policy=more.pop("policy", {"calls_from": "00:00", "calls_until": "00:00"}),
        **more,
    )
    session.add(made)
    session.flush()
    made.path = f"{parent.path if parent else '/'}{made.id}/"
    session.flush()
    return made


def line(session: Session, of: Unit | None = None, number: str = LINE, **more: Any) -> Line:
    """A number that people dial, with somebody on duty."""
    told = {"name": "静溪街道民政救助热线", "duty_number": DUTY, "language": "zh-CN", **more}
    made = Line(number=number, unit=of or unit(session), **told)
    session.add(made)
    session.flush()
    return made


def user(session: Session, unit: Unit, *roles: Role, login: str = "", phone: str | None = None) -> User:
    """A person who cannot sign in: no password fits."""
    number = next(_next)
    made = User(
        login=login or f"person-{number}",
        name=f"工作人员{number}",
        password_hash="none",
        unit=unit,
        created_at=NOW,
        session_key="0",
        phone=phone,
    )
    made.role_rows = [UserRole(role=role) for role in roles]
    session.add(made)
    session.flush()
    return made


def shift(
    session: Session,
    person: User,
    begins_at: datetime = NOW - timedelta(hours=1),
    ends_at: datetime = NOW + timedelta(hours=7),
    post: Post = Post.DUTY,
    **more: Any,
) -> Shift:
    """A shift of the person's own unit, from before now until long after it."""
    known = {"unit": person.unit, "planned_user": person, "made_at": NOW}
    made = Shift(user=person, begins_at=begins_at, ends_at=ends_at, post=post, **{**known, **more})
    session.add(made)
    session.flush()
    return made


def alarm(session: Session, on: Line | None = None, *, at: datetime = NOW) -> Alarm:
    """The alarm of a new emergency, of which nobody was told yet."""
    made = order(session, on)
    reviewer = actor(session, made.unit, Role.CALL_TAKER)
    facts.confirm(session, made, FactName.URGENCY, "emergency", reviewer, at, ZONE)
    return session.query(Alarm).filter_by(order_id=made.id).one()


def actor(session: Session, unit: Unit, *roles: Role) -> Actor:
    """The acting side of a new person."""
    return actor_for(user(session, unit, *roles))


def told(call_id: str = "", *, event: str = "", **more: Any) -> Told:
    """What a voice webhook tells; a new request each time unless `event` names it."""
    known = {"carrier": "twilio", "number": CALLER, "dialled": LINE, **more}
    return Told(call_id=call_id or call_sid(), event=event or f"e{next(_next)}", **known)


def recording_told(call_id: str, recording_id: str = "", **more: Any) -> RecordingTold:
    """What the carrier tells of a finished recording."""
    known = {
        "carrier": "twilio",
        "has_sound": True,
        "has_failed": False,
        "duration_s": 12,
        "channels": 1,
        "recorded_at": NOW,
        "is_conversation": False,
    }
    return RecordingTold(call_id=call_id, recording_id=recording_id or recording_sid(), **{**known, **more})


def call(session: Session, line: Line | None, **more: Any) -> Call:
    """An inbound call that left a message and is over."""
    known = {
        "direction": Direction.INBOUND,
        "carrier": "twilio",
        "carrier_call_id": call_sid(),
        "number": CALLER,
        "state": CallState.THANKED,
        "order_number": orders.reserve_number(session, NOW, ZONE) if line else None,
        "started_at": NOW - timedelta(minutes=2),
        "ended_at": NOW,
    }
    made = Call(line=line, **{**known, **more})
    session.add(made)
    session.flush()
    return made


def recording(session: Session, call: Call, **more: Any) -> Recording:
    """A recording that is in the store."""
    number = next(_next)
    known = {
        "carrier": "twilio",
        "carrier_recording_id": recording_sid(),
        "kind": RecordingKind.MESSAGE,
        "state": RecordingState.STORED,
        "store_key": f"2026/03/02/{number}.wav",
        "size_bytes": 16044,
        "sha256": "0" * 64,
        "recorded_at": NOW,
        "channels": 1,
    }
    made = Recording(call=call, **{**known, **more})
    session.add(made)
    session.flush()
    return made


def order(session: Session, on: Line | None = None, state: OrderState = OrderState.RECEIVED, **more: Any) -> Order:
    """An order of a call on the line `on`, brought to `state` by the moves that lead there."""
    rung = call(session, on or line(session), **more)
    made = intake.receive_call(session, rung, NOW, ZONE)
    for move in _WAY[state]:
        step(session, made, move)
    session.flush()
    return made


def transcript(session: Session, call: Call, text: str, **more: Any) -> Transcript:
    """What the machine heard in a new recording of the call."""
    known = {"version": 1, "origin": Origin.MACHINE, "words": [], "language": "zh-CN", "made_at": NOW}
    heard = recording(session, call, state=RecordingState.TRANSCRIBED)
    made = Transcript(recording=heard, text=text, **{**known, **more})
    session.add(made)
    session.flush()
    return made


def reviewed(session: Session, line: Line, text: str, category: str, urgency: str, **more: Any) -> Order:
    """An order of a call in which `text` was heard, reviewed by a person who named category and urgency."""
    made = order(session, line)
    transcript(session, made.calls[0], text, **more)
    reviewer = actor(session, line.unit, Role.CALL_TAKER)
    facts.confirm(session, made, FactName.CATEGORY, category, reviewer, NOW, ZONE)
    facts.confirm(session, made, FactName.URGENCY, urgency, reviewer, NOW, ZONE)
    orders.move(session, made, Move.TRIAGE, reviewer, NOW)
    session.flush()
    return made


def catalogue(session: Session, of: Unit, *rows: CatalogueRow) -> CatalogueVersion:
    """A catalogue of the unit `of`, in use."""
    made = CatalogueVersion(unit=of, number=next(_next), note="首次录入", made_at=NOW, rows=list(rows))
    session.add_all([made, CatalogueUse(unit_id=of.id, version=made, used_from=NOW, note="首次录入")])
    session.flush()
    return made


def attachment(session: Session, order: Order, by: User | None = None, **more: Any) -> Attachment:
    """A photo that `by`, or the caller, attached to the order; its file lies nowhere."""
    number = next(_next)
    known = {
        "kind": AttachmentKind.PHOTO,
        "content_type": "image/jpeg",
        "name": f"照片{number}.jpg",
        "sha256": f"{number:064x}",
        "size_bytes": 40_000,
        "store_key": f"attachments/2026/03/02/{number}.jpg",
        "small_key": f"attachments/2026/03/02/{number}.small.jpg",
        "at": NOW,
    }
    made = Attachment(order=order, user=by, **{**known, **more})
    session.add(made)
    session.flush()
    return made


def assist(session: Session, order: Order, by: Unit) -> OrderAssistant:
    """The unit `by` assists the order's holder."""
    order.assistants.append(OrderAssistant(unit=by, since=NOW))
    session.flush()
    return order.assistants[-1]


def step(session: Session, order: Order, move: Move, *, at: datetime = NOW) -> None:
    """One move of an order, with all that the service asks for it, by the system or by a new handler of its unit."""
    make = _STEPS.get(move)
    if make is None:
        orders.move(session, order, move, SYSTEM, at, "理由")
    else:
        make(session, order, at)


def _sign(session: Session, order: Order, at: datetime) -> None:
    handler = user(session, order.unit, Role.HANDLER)
    orders.accept(session, order, handler, actor_for(handler), at)


def _report(session: Session, order: Order, at: datetime) -> None:
    results.report(session, order, REPORT, actor(session, order.unit, Role.HANDLER), at, ZONE)


def _take_back(session: Session, order: Order, at: datetime) -> None:
    handler_leaves(session, order)
    orders.take_back(session, order, SYSTEM, at, "还是由街道办理")


def handler_leaves(session: Session, order: Order) -> None:
    """Whoever has the order is out of service from now on; the order keeps the name."""
    if order.handler is not None:
        order.handler.is_active = False
    session.flush()


_STEPS: Mapping[Move, Callable[[Session, Order, datetime], None]] = {
    Move.DISPATCH: lambda session, order, at: orders.dispatch(session, order, order.unit, SYSTEM, at),
    Move.ACCEPT: _sign,
    Move.RETURN: lambda session, order, at: orders.give_back(session, order, SYSTEM, at, "不归本街道管"),
    Move.TAKE_BACK: _take_back,
    Move.CONTACT: lambda session, order, at: orders.contact(session, order, SYSTEM, at, "电话说明情况"),
    Move.RESOLVE: _report,
    Move.REPORT_BACK: _report,
    Move.CLOSE: lambda session, order, at: orders.close(session, order, SYSTEM, at, "已办结"),
    Move.REOPEN: lambda session, order, at: orders.reopen(
        session, order, SYSTEM, at, "没有办好", LIMITS[order.urgency], ZONE
    ),
    Move.MERGE: lambda session, order, at: orders.merge(
        session, order, another(session, order), SYSTEM, at, "同一件事"
    ),
    Move.UNMERGE: lambda session, order, at: orders.unmerge(session, order, SYSTEM, at),
}


def another(session: Session, beside: Order) -> Order:
    """A second order that came in on the same line."""
    return order(session, beside.calls[0].line)


REPORT = results.Report(outcome=Outcome.SOLVED, done="送去米面和菜", aid="大米10千克", evidence="入户记录")

_TO_WORK = (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT)
_WAY: Mapping[OrderState, tuple[Move, ...]] = {
    OrderState.RECEIVED: (),
    OrderState.TRIAGED: _TO_WORK[:1],
    OrderState.DISPATCHED: _TO_WORK[:2],
    OrderState.ACCEPTED: _TO_WORK[:3],
    OrderState.IN_PROGRESS: _TO_WORK,
    OrderState.REFERRED: (*_TO_WORK, Move.REFER),
    OrderState.RESOLVED: (*_TO_WORK, Move.RESOLVE),
    OrderState.CLOSED: (*_TO_WORK, Move.RESOLVE, Move.CLOSE),
    OrderState.REOPENED: (*_TO_WORK, Move.RESOLVE, Move.REOPEN),
    OrderState.ANSWERED: (Move.TRIAGE, Move.ANSWER),
    OrderState.MERGED: (Move.TRIAGE, Move.MERGE),
    OrderState.INVALID: (Move.INVALIDATE,),
}


def wrote(
    session: Session, on: Line | None = None, text: str = "家里没有米了", at: datetime = NOW, **more: Any
) -> Order | None:
    """What a text message to the line came to: the order that it is about."""
    line_on = on or line(session)
    known = {"carrier": "twilio", "message_id": f"SM{next(_next):032x}", "number": CALLER, "channel": Channel.TEXT}
    told = {**known, "unit_id": line_on.unit_id, "line_id": line_on.id, "text": text, "written_at": at, **more}
    return correspondence.take(session, Written(**told), status_page, at, ZONE)


def status_page(token: str) -> str:
    """The page of an order for whoever wrote."""
    return f"{BASE_URL}/s/{token}"


def statement(session: Session, on: Line | None = None, text: str = "家里没有米了") -> Statement:
    """The statement of a new order that came by text message."""
    made = wrote(session, on, text, number=f"+86139{next(_next):08d}")
    assert made is not None
    return made.statements[0]


def asked_in_writing(session: Session, on: Line | None = None, at: datetime = NOW) -> SurveyAttempt:
    """The first attempt of the survey about a resolved order whose caller wrote, asked whether it is solved."""
    made = statement(session, on).order
    for move in (*_TO_WORK, Move.RESOLVE):
        step(session, made, move)
    asked = made.survey_rounds[-1].attempts[-1]
    surveys.begin(session, asked.id, "twilio", at, ZONE)
    return asked


def written_answer(session: Session, on: Line | None = None, text: str = "东西收到了，很满意") -> TextMessage:
    """An answer in words to the question whether it is solved."""
    asked = asked_in_writing(session, on)
    answered = wrote(session, asked.round.order.messages[0].line, text, number=asked.round.order.number_to_ring)
    assert answered is not None
    session.refresh(answered, ["messages"])
    return next(each for each in answered.messages if each.body == text)


def attempt(session: Session, on: Line | None = None, **more: Any) -> SurveyAttempt:
    """The first attempt of the survey about a resolved order, not yet dialled."""
    made = order(session, on, OrderState.RESOLVED, **more)
    return made.survey_rounds[-1].attempts[-1]


def talking(session: Session, attempt: SurveyAttempt, *, at: datetime = NOW) -> SurveyAttempt:
    """The attempt once the person who was rung has picked up."""
    carrier_call_id = call_sid()
    surveys.begin(session, attempt.id, "twilio", at, ZONE)
    surveys.dialled(session, attempt.id, carrier_call_id)
    surveys.picked_up(session, attempt, carrier_call_id, is_machine=False, now=at, zone=ZONE)
    return attempt

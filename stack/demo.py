"""One call, all the way round: a caller rings, speaks, hangs up; an order is made, settled, and asked about.

Everything is real but the telephone network. It looks on from outside: people act through the console's pages,
the caller through the telephone, and what came of it is read from the database.
"""

import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from stack.errors import StackError
from stack.stack import Stack
from stack.telephone import Telephone
from stack.visitor import Visitor

TEXT = "你好，我姓陈，我一个人住在京溪路九号四楼，家里没有米了，也没有菜，两天没吃饭了，请帮帮我。"

_CALLER = "+8613800138000"
# The conversation runs faster than life, so that nobody has to wait; the recording has its true length.
_SPEED = 8.0
_PATIENCE_S = 60.0
_PROMISED_S = 5.0
_SOLVED_AND_SATISFIED = [{"on": "gather", "press": "1"}, {"on": "gather", "press": "1"}]


@dataclass(frozen=True)
class _Step:
    """Who makes which move in a state, and what is written into the form."""

    role: str
    move: str
    filled_in: Mapping[str, str] = field(default_factory=dict)


_STEPS: Mapping[str, _Step] = {
    "received": _Step("call_taker", "triage"),
    "triaged": _Step("dispatcher", "dispatch", {"note": "请尽快上门。"}),
    "dispatched": _Step("handler", "accept"),
    "accepted": _Step("handler", "contact", {"how": "已电话联系本人，约好马上上门。"}),
    "in_progress": _Step(
        "handler",
        "resolve",
        {
            "outcome": "solved",
            "done": "已上门看望，当面办妥，并留下网格员的电话。",
            "aid": "大米10千克、食用油1桶、蔬菜5千克",
            "evidence": "入户走访记录一份，本人签收。",
        },
    ),
}

_Found = TypeVar("_Found")
_Database = psycopg.Connection[dict[str, Any]]


def run(text: str) -> int:
    """Play it once with the caller's words; 0 only if all of it happened."""
    directory = Path(tempfile.mkdtemp(prefix="hotline-demo-"))
    print("Starting PostgreSQL, Redis, the service and a stand-in telephone company ...", flush=True)  # noqa: T201
    try:
        with Stack(directory, speed=_SPEED, durable=False) as stack, _database(stack) as database:
            _Demo(stack, database, text).play()
    except StackError as error:
        print(f"\nThe demo failed: {error}\n\nThe last of the log:\n{_end_of(directory / 'log')}")  # noqa: T201
        return 1
    finally:
        shutil.rmtree(directory)
    return 0


class _Demo:
    def __init__(self, stack: Stack, database: _Database, text: str) -> None:
        self._stack = stack
        self._database = database
        self._text = text
        self._telephone = Telephone(stack.sandbox_url)
        self._people = {person.roles[0]: person for person in stack.log_ins}
        self._started = time.monotonic()

    def play(self) -> None:
        order_id, number = self._ring()
        self._show_facts(order_id)
        self._telephone.will_answer(_CALLER, _SOLVED_AND_SATISFIED)
        self._settle(order_id, number)
        self._ask_the_caller(order_id)
        self._say("All of it happened.")

    def _ring(self) -> tuple[int, str]:
        line = self._row("select number from lines order by id limit 1")
        self._say(f"{_CALLER} rings {line['number']}, hears the greeting, and says", self._text)
        script = [{"on": "record", "say": self._text, "then": "hang_up"}]
        call_sid = self._telephone.ring(_CALLER, line["number"], script)
        self._wait("the end of the call", lambda: self._telephone.call(call_sid)["status"] == "completed" or None)
        hung_up = time.monotonic()
        self._say("The caller hangs up.")
        order = self._wait("an order", lambda: self._order_of(call_sid))
        took_s = time.monotonic() - hung_up
        verdict = "as promised" if took_s < _PROMISED_S else f"slower than the promised {_PROMISED_S:.0f} s"
        self._say(f"Order {order['number']} is there, {took_s:.1f} s after the hang-up: {verdict}.")
        return order["id"], order["number"]

    def _show_facts(self, order_id: int) -> None:
        heard = self._wait("a transcript", lambda: self._transcript(order_id))
        self._say(f"Vosk heard (character errors: {error_rate(self._text, heard):.1%})", heard)
        facts = self._wait("facts", lambda: self._rows(_FACTS, order_id) or None)
        self._say("and that was understood, with the words it rests on:")
        for fact in facts:
            if fact["value"] not in (None, []):
                words = " … ".join(f"“{piece['text']}”" for piece in fact["evidence"])
                self._tell(f"{fact['name']:12} {_shown(fact['value'])}  {words}")

    def _settle(self, order_id: int, number: str) -> None:
        told = 0
        while (state := self._state(order_id)) in _STEPS:
            step = _STEPS[state]
            person = self._people[step.role]
            filled_in = {**step.filled_in, **self._unit_for(step, order_id)}
            Visitor(self._stack.web_url, person.login, person.password or "").make(number, step.move, filled_in)
            told = self._tell_history(order_id, told)
            if self._state(order_id) == state:
                raise StackError(f"the order is still {state} after {step.move!r}")
        if state != "resolved":
            raise StackError(f"nobody of the demo knows what to do with an order that is {state}")

    def _unit_for(self, step: _Step, order_id: int) -> dict[str, str]:
        """Where the order is sent: the caller's place, but in another street's, where nobody of the demo works."""
        return {"unit": str(self._row(_DISPATCHED_TO, order_id)["code"])} if step.move == "dispatch" else {}

    def _ask_the_caller(self, order_id: int) -> None:
        self._say("The hotline rings the caller back:")
        self._wait("the callback's answers", lambda: self._row_or_none(_ANSWERED, order_id))
        for call in self._telephone.calls_to(_CALLER):
            for entry in call["log"]:
                self._tell_talk(entry)
        answered = self._row(_ANSWERED, order_id)
        self._say(f"Answers: resolved {answered['resolved']}, satisfied {answered['satisfied']}.")
        self._wait("the order's closing", lambda: self._state(order_id) == "closed" or None)
        for message in self._telephone.messages_to(_CALLER):
            self._say("The caller's text messages:", message)
        self._say(f"The order is {self._state(order_id)}.")

    def _tell_talk(self, entry: Mapping[str, Any]) -> None:
        if entry["event"] == "said":
            self._tell(f"hotline: {entry['text']}")
        elif entry["event"] == "gathered":
            self._tell(f"caller presses: {entry['digits'] or 'nothing'}")

    def _tell_history(self, order_id: int, told: int) -> int:
        history = self._rows(_HISTORY, order_id)
        for row in history[told:]:
            reason = f": {row['reason']}" if row["reason"] else ""
            moved = f"{row['move']} -> {row['to_state']}" if row["move"] else row["to_state"]
            self._say(f"{row['who']}  {moved}  {row['unit']}{reason}")
        return len(history)

    def _order_of(self, call_sid: str) -> dict[str, Any] | None:
        return self._row_or_none(
            "select o.id, o.number from orders o join calls c on c.order_id = o.id where c.carrier_call_id = %s",
            call_sid,
        )

    def _transcript(self, order_id: int) -> str | None:
        row = self._row_or_none(_TRANSCRIPT, order_id)
        return row["text"] if row else None

    def _state(self, order_id: int) -> str:
        return str(self._row("select state from orders where id = %s", order_id)["state"])

    def _row(self, query: str, *given: object) -> dict[str, Any]:
        row = self._row_or_none(query, *given)
        if row is None:
            raise StackError(f"the database has no row for: {query}")
        return row

    def _row_or_none(self, query: str, *given: object) -> dict[str, Any] | None:
        rows = self._rows(query, *given)
        return rows[0] if rows else None

    def _rows(self, query: str, *given: object) -> list[dict[str, Any]]:
        return self._database.execute(query.encode(), given).fetchall()

    def _wait(self, what: str, look: Callable[[], _Found | None]) -> _Found:
        deadline = time.monotonic() + _PATIENCE_S
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise StackError(f"waited {_PATIENCE_S:.0f} s for {what}, in vain")
            time.sleep(0.05)
        return found

    def _say(self, line: str, *more: str) -> None:
        print(f"{time.monotonic() - self._started:6.1f} s  {line}", flush=True)  # noqa: T201 - a command's answer
        for words in more:
            self._tell(words)

    def _tell(self, words: str) -> None:
        print(f"{'':10}{words}", flush=True)  # noqa: T201 - a command's answer


def error_rate(said: str, heard: str) -> float:
    """Character error rate: how many must be put in, left out or changed, for each one that was said."""
    wanted, got = _spoken(said), _spoken(heard)
    row = list(range(len(got) + 1))
    for i, character in enumerate(wanted, 1):
        above = row
        row = [i]
        for j, other in enumerate(got, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (character != other)))
    return row[-1] / max(len(wanted), 1)


def _spoken(text: str) -> str:
    """What is heard of a text: no spaces, no punctuation."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if unicodedata.category(c)[0] in "LN")


def _shown(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


@contextmanager
def _database(stack: Stack) -> Iterator[_Database]:
    address = stack.database_url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text().splitlines()[-40:]) if log.exists() else "(there is none)"


_TRANSCRIPT = """
    select t.text from transcripts t join recordings r on r.id = t.recording_id join calls c on c.id = r.call_id
    where c.order_id = %s
    order by t.origin = 'person' desc, t.is_judged desc, t.doubt is null desc, t.version desc limit 1
"""
_FACTS = """
    select f.name, coalesce(to_jsonb(u.name), f.content -> 'value') as value, f.evidence
    from facts f left join units u on f.name = 'place' and u.code = f.content ->> 'value'
    where f.order_id = %s order by f.id
"""
_DISPATCHED_TO = """
    select case when place.path like own.path || '%%' then place.code else own.code end as code
    from orders o join units own on own.id = o.intake_unit_id left join units place on place.id = o.place_id
    where o.id = %s
"""

_HISTORY = """
    select e.move, e.to_state, e.reason, coalesce(p.name, 'system') as who, u.name as unit
    from order_events e left join users p on p.id = e.user_id join units u on u.id = e.unit_id
    where e.order_id = %s order by e.id
"""
_ANSWERED = "select resolved, satisfied from survey_rounds where order_id = %s and state = 'answered'"

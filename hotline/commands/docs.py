"""`flask docs`: what the docs draw from the code."""

import click
from flask.cli import AppGroup

from hotline.rules import alarms, call_flow, order_states, roster, survey_states
from hotline.rules.alarms import AlarmState, RingState, Say
from hotline.rules.call_flow import CallState
from hotline.rules.machine import diagram
from hotline.rules.order_states import OrderState
from hotline.rules.roster import SwapState
from hotline.rules.survey_states import AttemptState, RoundState, Step

docs = AppGroup("docs", help="What the docs draw from the code.")


@docs.command("states")
def _print_states() -> None:
    """Print every state table as a Mermaid diagram."""
    click.echo(state_diagrams())


def state_diagrams() -> str:
    """The text of docs/states.md."""
    drawn = [
        ("A work order", diagram(order_states.ORDER, OrderState.RECEIVED)),
        ("An inbound call", diagram(call_flow.CALL, CallState.GREETED)),
        ("A survey round", diagram(survey_states.ROUND, RoundState.WAITING)),
        ("A survey attempt", diagram(survey_states.ATTEMPT, AttemptState.PLANNED)),
        ("The talk of a survey call", diagram(survey_states.TALK, Step.ASK_RESOLVED)),
        ("An emergency alarm", diagram(alarms.ALARM, AlarmState.RINGING)),
        ("One call of an alarm", diagram(alarms.RING, RingState.PLANNED)),
        ("The talk of an alarm's call", diagram(alarms.TALK, Say.ASK)),
        ("A swap of shifts", diagram(roster.SWAP, SwapState.ASKED)),
    ]
    parts = [f"## {title}\n\n```mermaid\n{picture}\n```" for title, picture in drawn]
    return "# States\n\nDrawn from the tables in `hotline/rules/` by `flask docs states`.\n\n" + "\n\n".join(parts)

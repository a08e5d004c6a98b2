"""The service on one machine: `python -m stack run` until Ctrl-C, `python -m stack demo` for one call."""

import argparse
import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from stack import demo
from stack.environment import ROOT, Ports, given_settings, needs_stand_in
from stack.errors import StackError
from stack.stack import Stack

_PORTS = Ports(web=8000, sandbox=5080)
_WIDTH = len("worker-speech")
_BROKEN_OFF = 130
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Terminal:
    """Prints each line with the time and the name of its process, in a colour of its own."""

    def __init__(self) -> None:
        self._printer = Printer(sys.stdout, width=_WIDTH)
        self._colours = get_colours()
        self._colour_of: dict[str, str] = {}

    def __call__(self, name: str, line: str) -> None:
        colour = self._colour_of.setdefault(name, next(self._colours))
        try:
            self._printer.write(Message("line", line, datetime.now().astimezone(), name, colour))
        except OSError:
            # The terminal is gone. That ends us too, by a signal, but until then nothing may stop the supervisor.
            self._printer.output = open(os.devnull, "w")  # noqa: SIM115, PTH123 - open as long as we are


def main() -> int:
    arguments = _arguments()
    for number in _ENDINGS:
        signal.signal(number, _interrupt)
    try:
        return demo.run(arguments.text or demo.TEXT) if arguments.command == "demo" else _run(arguments.directory)
    except KeyboardInterrupt:
        # That is how `run` ends, while a demo that is broken off has not shown what it should.
        return _BROKEN_OFF if arguments.command == "demo" else 0
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything, until Ctrl-C")
    run.add_argument("--directory", type=Path, default=ROOT / "var", help="where everything is kept; default: var")
    shown = commands.add_parser("demo", help="one call, all the way round, in a folder that is thrown away")
    shown.add_argument("--text", help="what the caller says")
    return parser.parse_args()


def _run(directory: Path) -> int:
    settings = given_settings(ROOT / ".env", os.environ)
    with Stack(directory, settings, say=_Terminal(), ports=_PORTS) as stack:
        print(_welcome(stack, has_softphone=needs_stand_in(settings)), flush=True)  # noqa: T201 - a command's answer
        while True:
            stack.check()
            time.sleep(1)


def _welcome(stack: Stack, *, has_softphone: bool) -> str:
    softphone = f"\n  ring it       {stack.sandbox_url}/phone" if has_softphone else ""
    rule = "-" * 78
    return f"""
{rule}
  The hotline is up.

  console       {stack.web_url}{softphone}

{_log_ins(stack)}

  Commands:     set -a; . {stack.directory / "env"}; flask --help
  Stop it all:  Ctrl-C
{rule}"""


def _log_ins(stack: Stack) -> str:
    heading = f"  {'log-in':10}  {'password':14}  {'role':14}  name"
    rows = [
        f"  {person.login:10}  {person.password or '(as before)':14}  {', '.join(person.roles):14}  {person.name}"
        for person in stack.log_ins
    ]
    return "\n".join([heading, *rows])


def _interrupt(*_: object) -> None:
    """Begin to stop, once: a second Ctrl-C must not break off the stopping, which takes seconds at most."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

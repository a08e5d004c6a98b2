"""The whole service on one machine: its data services, its processes and a carrier, up for as long as a block runs."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from honcho.environ import parse_procfile

from stack.environment import ROOT, Ports, as_shell, compose, needs_stand_in
from stack.errors import StackError
from stack.lock import held
from stack.postgres import Postgres
from stack.process import Command, run_to_end, wait_for
from stack.redis import Redis
from stack.secret import write_private
from stack.supervisor import Say, Supervisor

SANDBOX = "sandbox"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_START_S = 60.0


@dataclass(frozen=True)
class LogIn:
    """A person of the sample organisation; the password is None if somebody else made it."""

    login: str
    name: str
    roles: tuple[str, ...]
    password: str | None


class Stack:
    """Everything in one directory, with everything it keeps.

    What `settings` names is used as it stands: with a DATABASE_URL no PostgreSQL is started, with an account at a
    carrier no stand-in. Only `.env.example`'s keys mean anything. `speed` is the stand-in's: 1 is real time, 0 has
    no waiting. `durable=False` is for data that is thrown away. `say` hears every line of every process; without it
    they go to the file `log` of the directory. `ports` are those to begin looking at if the settings name none.
    """

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] = _NOTHING,
        *,
        speed: float = 1.0,
        calls_per_second: float = 1.0,
        durable: bool = True,
        ports: Ports | None = None,
        say: Say | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.log_ins: tuple[LogIn, ...] = ()
        self.env: dict[str, str] = {}
        self._settings = settings
        self._pace = {"speed": speed, "calls_per_second": calls_per_second}
        self._durable = durable
        self._ports = ports
        self._say = say
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(held(self.directory / "lock"))
            self._supervisor = undo.enter_context(Supervisor(self._say or self._writer(undo)))
            ports = Ports.choose(self._settings, self._ports, undo)
            self.env = compose(self.directory, self._settings, ports, self._services())
            write_private(self.directory / "env", as_shell(self.env))
            self._prepare()
            undo.callback(self._stop_processes)
            self._start_processes()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.env['PORT']}"

    @property
    def sandbox_url(self) -> str:
        """The stand-in carrier: its REST interface, its controls below /sandbox, its softphone at /phone."""
        return f"http://127.0.0.1:{self.env['SANDBOX_PORT']}"

    @property
    def database_url(self) -> str:
        return self.env["DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        return self.env["REDIS_URL"]

    def flask(self, *arguments: str) -> str:
        """Run one of the service's own commands; what it printed. Raises `StackError` if it fails."""
        argv = (sys.executable, "-m", "flask", "--app", "hotline.cli", *arguments)
        return run_to_end(Command(" ".join(["flask", *arguments]), argv, self.env, ROOT))

    def pid(self, name: str) -> int | None:
        """The process id of one of them now: a name of the Procfile, or sandbox, postgres, redis."""
        return self._supervisor.pid(name)

    def kill(self, name: str) -> int:
        """`kill -9` for one of them, which is then started again; the id of the process that died."""
        return self._supervisor.kill(name)

    def take_down(self, name: str) -> None:
        """Stop one of them, and leave it so."""
        self._supervisor.stop(name)

    def bring_up(self, name: str) -> None:
        """Start one again that was taken down."""
        self._supervisor.resume(name)

    def check(self) -> None:
        """Raise what ended the supervision itself, if anything did."""
        self._supervisor.check()

    def _writer(self, undo: ExitStack) -> Say:
        log = undo.enter_context((self.directory / "log").open("a", buffering=1))
        return lambda name, line: print(f"{name:13} | {line}", file=log)

    def _services(self) -> dict[str, str]:
        """Start the data services that aren't given; their addresses."""
        addresses = {}
        if "REDIS_URL" not in self._settings:
            redis = Redis(self.directory / "redis")
            self._start_service(redis)
            addresses["REDIS_URL"] = redis.url
        if "DATABASE_URL" not in self._settings:
            postgres = Postgres(self.directory / "postgres", durable=self._durable)
            self._start_service(postgres)
            addresses |= {"DATABASE_URL": postgres.url(), **postgres.client_settings()}
        return addresses

    def _start_service(self, service: Postgres | Redis) -> None:
        self._supervisor.start(service)
        with self._explaining(service.name):
            service.wait_until_ready()

    def _prepare(self) -> None:
        """Bring the database up to date, fill in the sample organisation, introduce its numbers to the stand-in."""
        run_to_end(self._procfile()["release"])
        self.log_ins = self._load_sample()
        if needs_stand_in(self._settings):
            lines = json.loads(self.flask("lines", "list", "--json"))
            told = self._sandbox_configuration([line["number"] for line in lines])
            write_private(self.directory / "sandbox.json", json.dumps(told, indent=2))

    def _load_sample(self) -> tuple[LogIn, ...]:
        """The sample's people, with the passwords that are told only once: when they are made."""
        people = json.loads(self.flask("sample", "load", "--json"))
        file = self.directory / "secrets" / "log-ins.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        known |= {person["login"]: person["password"] for person in people if person["password"]}
        write_private(file, json.dumps(known))
        return tuple(
            LogIn(person["login"], person["name"], tuple(person["roles"]), known.get(person["login"]))
            for person in people
        )

    def _start_processes(self) -> None:
        if needs_stand_in(self._settings):
            self._supervisor.start(self._sandbox())
            self._wait_for_answer(SANDBOX, f"{self.sandbox_url}/sandbox/health")
        for name, command in self._procfile().items():
            if name != "release":
                self._supervisor.start(command)
        self._wait_for_answer("web", f"{self.web_url}/healthz")

    def _stop_processes(self) -> None:
        """Before the services: what is at work can then still write down what it did."""
        services = {Postgres.name, Redis.name}
        self._supervisor.stop(*(self._supervisor.names() - services))

    def _procfile(self) -> dict[str, Command]:
        written: Mapping[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
        return {
            name: Command(name, ("/bin/sh", "-c", f"exec {line}"), self.env, ROOT) for name, line in written.items()
        }

    def _sandbox(self) -> Command:
        python = ROOT / ".venv-sandbox" / "bin" / "python"
        argv = (str(python), "-m", "sandbox", "--config", str(self.directory / "sandbox.json"))
        # Nothing of the service's settings: it knows us only as a telephone company knows its customer.
        names = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONUNBUFFERED")
        machine = {name: self.env[name] for name in names if name in self.env}
        return Command(SANDBOX, argv, machine, ROOT)

    def _sandbox_configuration(self, numbers: list[str]) -> dict[str, object]:
        base = self.env["PUBLIC_BASE_URL"].rstrip("/")
        webhooks = {
            "voice_url": f"{base}/voice/inbound",
            "voice_fallback_url": f"{base}/voice/fallback",
            "status_callback": f"{base}/voice/status",
            "sms_url": f"{base}/messages/inbound",
            # Asked once more: the second answer is the same, and counts once.
            "sms_fallback_url": f"{base}/messages/inbound",
        }
        return {
            "account_sid": self.env["TWILIO_ACCOUNT_SID"],
            "auth_token": self.env["TWILIO_AUTH_TOKEN"],
            "host": "127.0.0.1",
            "port": int(self.env["SANDBOX_PORT"]),
            "data_dir": str(self.directory / "sandbox"),
            "numbers": dict.fromkeys(numbers, webhooks),
            **self._pace,
        }

    def _wait_for_answer(self, name: str, url: str) -> None:
        def is_dead() -> bool:
            return self._supervisor.pid(name) is None

        with self._explaining(name):
            wait_for(name, lambda: _answers(url), is_dead, _START_S)

    @contextmanager
    def _explaining(self, name: str) -> Iterator[None]:
        """Add what a program wrote last to the error that says it didn't come up."""
        try:
            yield
        except StackError as error:
            raise StackError(f"{error}\n{self._supervisor.last_words(name)}") from error


def _answers(url: str) -> bool:
    """Whether a web server is there and well enough to say no."""
    try:
        with urllib.request.urlopen(url, timeout=10):  # noqa: S310 - our own address
            return True
    except urllib.error.HTTPError as refusal:
        return refusal.code < 500  # noqa: PLR2004 - where the server's own errors begin
    except OSError:
        return False

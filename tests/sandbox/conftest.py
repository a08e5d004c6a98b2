"""Stand-in carriers at different paces, and one web service that answers them all."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from stand_in import HOTLINE, Sandbox, Service


@pytest.fixture(scope="session")
def service_process() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture
def service(service_process: Service) -> Service:
    """The web service, with nothing heard and nothing to say yet."""
    service_process.reset()
    service_process.on("/status")
    return service_process


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.close()


@pytest.fixture
def sandbox(running_sandbox: Sandbox, service: Service) -> Sandbox:
    """A carrier in which no time is lost, with one number and no faults."""
    return _prepared(running_sandbox, service)


@pytest.fixture(scope="session")
def running_real_time_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("real-time"), speed=1.0, webhook_timeout_s=1.0)
    yield sandbox
    sandbox.close()


@pytest.fixture
def real_time_sandbox(running_real_time_sandbox: Sandbox, service: Service) -> Sandbox:
    """A carrier in real time that waits one second for an answer."""
    return _prepared(running_real_time_sandbox, service)


@pytest.fixture
def slow_sandbox(service: Service, tmp_path: Path) -> Iterator[Sandbox]:
    """A carrier that lets one call an hour leave."""
    sandbox = Sandbox(tmp_path, calls_per_second=1 / 3600)
    yield _prepared(sandbox, service)
    sandbox.close()


def _prepared(sandbox: Sandbox, service: Service) -> Sandbox:
    sandbox.set("/faults", {})
    urls = {"voice_url": "/voice", "status_callback": "/status", "sms_url": "/sms"}
    sandbox.set(f"/numbers/{HOTLINE}", {name: service.base_url + path for name, path in urls.items()})
    return sandbox


@pytest.fixture
def release() -> Iterator[Event]:
    """Something to wait for, which comes with the end of the test."""
    event = Event()
    yield event
    event.set()

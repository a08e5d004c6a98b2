"""One stand-in carrier and one web service for all tests of the carrier."""

from collections.abc import Iterator

import pytest
from stand_in import HOTLINE, Sandbox, Service


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.close()


@pytest.fixture
def sandbox(running_sandbox: Sandbox, service: Service) -> Sandbox:
    """The carrier with one number, whose calls are answered by `service`, and no faults."""
    service.reset()
    running_sandbox.set("/faults", {})
    running_sandbox.set(
        f"/numbers/{HOTLINE}",
        {
            "voice_url": f"{service.base_url}/voice",
            "status_callback": f"{service.base_url}/status",
            "sms_url": f"{service.base_url}/sms",
        },
    )
    service.on("/status")
    return running_sandbox

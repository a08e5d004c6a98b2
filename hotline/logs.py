"""Logs as one JSON line an event: a constant message plus fields, ids only, never what a person said or is called."""

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType

import structlog


def configure_logs(level: str) -> None:
    """Send our own events and those of libraries to standard error in the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_without_words),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # The carrier's client logs request bodies at INFO: numbers and message texts.
    logging.getLogger("twilio").setLevel(logging.WARNING)
    # RQ logs the arguments of each job and its results; our own jobs log their ids.
    logging.getLogger("rq").setLevel(logging.WARNING)


def _without_words(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """What was raised and where. Messages stay out: they quote numbers, rows and what was said."""
    return "\n".join(line for error in _chain(exc_info[1]) for line in _lines(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, the latest first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _lines(error: BaseException) -> Iterator[str]:
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"


def get_log(name: str) -> structlog.stdlib.BoundLogger:
    """The log of a module; call with its `__name__`."""
    log: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return log

"""Logs as one JSON line an event: a constant message plus fields, ids only, never what a person said or is called."""

import logging
import sys

import structlog


def configure_logs(level: str) -> None:
    """Send our own events and those of libraries to standard error in the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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


def get_log(name: str) -> structlog.stdlib.BoundLogger:
    """The log of a module; call with its `__name__`."""
    log: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return log

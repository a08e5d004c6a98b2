"""What a command needs around it: the settings, one transaction, errors in words instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hotline.clock import UnusableTimeError, clock_for
from hotline.db import make_engine, make_sessions
from hotline.rules.policy import PolicyError
from hotline.services import (
    accounts,
    catalogue,
    csv_files,
    emergency_mode,
    message_channels,
    orders,
    organisation,
    policies,
    transfers,
)
from hotline.settings import Settings, SettingsError, SpeechSettings

ROOT = Path(__file__).parents[2]


def read_settings() -> Settings:
    """The settings, or a command that ends with all that is wrong with them."""
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def read_speech_settings() -> SpeechSettings:
    """Those of them that recognition needs, without a database or an account."""
    try:
        return SpeechSettings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def transaction() -> Iterator[tuple[Session, datetime]]:
    """One transaction on the service's database, and the time by the service's clock."""
    settings = read_settings()
    engine = make_engine(settings.sqlalchemy_url)
    try:
        with make_sessions(engine).begin() as session:
            yield session, clock_for(settings.clock_file).now()
    except OperationalError as error:
        raise click.ClickException("the database of DATABASE_URL cannot be reached") from error
    finally:
        engine.dispose()


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a service refuses is said in its own words."""
    try:
        yield
    except (
        accounts.LoginTakenError,
        accounts.RoleMissingError,
        accounts.UnusableNameError,
        accounts.UnusablePhoneError,
        accounts.WeakPasswordError,
        catalogue.CatalogueUnitError,
        catalogue.NoSuchVersionError,
        catalogue.NoteMissingError,
        PolicyError,
        organisation.UnusableLineError,
        csv_files.UnusableRowsError,
        emergency_mode.AlreadyOnError,
        emergency_mode.NotOnError,
        emergency_mode.UnusableEndError,
        message_channels.UnknownChannelError,
        message_channels.UnusableChannelError,
        orders.ReasonMissingError,
        policies.NotSetError,
        transfers.NothingToWriteError,
        transfers.UnusableTableError,
        transfers.UnusableSourceError,
        UnusableTimeError,
    ) as error:
        raise click.ClickException(str(error) or type(error).__name__) from error

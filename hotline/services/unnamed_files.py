"""Files of attachments that no row names: a process was killed after it stored them, before its transaction ended."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hotline.models import Attachment
from hotline.services import attachments

# Names the database whose files the store holds; no day's folder.
OWNER_KEY = "attachments/owner.txt"
_A_DAY = timedelta(days=1)
# A sweep that stood still for longer than this has left some behind for good.
_LOOKED_BACK = 30


def folders(now: datetime) -> list[str]:
    """The days whose files are all more than a day old: whoever stored one is done with it."""
    return [attachments.folder(now - days * _A_DAY) for days in range(2, 2 + _LOOKED_BACK)]


def unnamed(session: Session, stored: Collection[str], now: datetime) -> set[str]:
    """Which of the keys `stored` in these folders no attachment has."""
    since = now - (_LOOKED_BACK + 3) * _A_DAY
    rows = session.execute(select(Attachment.store_key, Attachment.small_key).where(Attachment.at >= since))
    return set(stored) - {key for row in rows for key in row if key is not None}


def database_id(session: Session) -> str:
    """This very database, wherever it is reached: a copy that was restored elsewhere is another one."""
    known = text(
        "select system_identifier, d.oid from pg_control_system(), pg_database d where d.datname = current_database()"
    )
    cluster, database = session.execute(known).one()
    return f"{cluster}/{database}"

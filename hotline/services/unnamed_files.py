"""Files of attachments that no row names: a process was killed after it stored them, before its transaction ended."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Attachment
from hotline.services import attachments

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

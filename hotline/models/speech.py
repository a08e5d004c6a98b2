"""Which recognition model hears which line."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base
from hotline.models.people import Line


class ModelUse(Base):
    """What was chosen at one time; rows are only added, and the newest of a line counts.

    Without a line it is for all lines that have no choice of their own; without a model, the choice is taken back.
    """

    __tablename__ = "model_uses"

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("lines.id", ondelete="RESTRICT"), index=True)
    # Its label: name and version in one word, as on the transcripts that it makes.
    model: Mapped[str | None] = mapped_column(String(120))
    used_from: Mapped[datetime]

    line: Mapped[Line | None] = relationship()

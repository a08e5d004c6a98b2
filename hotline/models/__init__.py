"""The mapped classes, one module for each area."""

from hotline.models.alarms import Alarm, AlarmAttempt
from hotline.models.audit import Action, AuditEntry
from hotline.models.calls import (
    Attention,
    Call,
    Direction,
    MessageState,
    Origin,
    Recording,
    RecordingKind,
    RecordingState,
    TextMessage,
    Transcript,
)
from hotline.models.dispatch import CatalogueRow, CatalogueUse, CatalogueVersion, OrderAssistant
from hotline.models.learning import (
    LearningEnd,
    LearningRound,
    LocalWord,
    UnderstandingUse,
    WordKind,
    WordState,
)
from hotline.models.orders import Fact, Order, OrderClocks, OrderEvent, OrderNumberDay
from hotline.models.outbox import OutboxEntry, OutboxState, Receipt, ReceiptOutcome, Work
from hotline.models.people import Level, Line, Place, Unit, User, UserRole
from hotline.models.results import Approval, Attachment, Outcome, Result
from hotline.models.roster import HandoverNote, RosterWarning, Shift, ShiftSwap
from hotline.models.speech import ModelUse
from hotline.models.supervision import (
    CalendarDay,
    EmergencyMode,
    Extension,
    Notice,
    NoticeReader,
    Pause,
    UnclearedList,
    UnclearedOrder,
)
from hotline.models.surveys import AnswerKind, OptOut, Question, SurveyAnswer, SurveyAttempt, SurveyRound
from hotline.models.transfers import ResultFile, Transfer, TransferFile, TransferPlatform, TransferResult
from hotline.models.writing import MessageChannel, OutreachEvent, Statement
from hotline.rules.intake import Channel

__all__ = [
    "Action",
    "Alarm",
    "AlarmAttempt",
    "AnswerKind",
    "Approval",
    "Attachment",
    "Attention",
    "AuditEntry",
    "CalendarDay",
    "Call",
    "CatalogueRow",
    "CatalogueUse",
    "CatalogueVersion",
    "Channel",
    "Direction",
    "EmergencyMode",
    "Extension",
    "Fact",
    "HandoverNote",
    "LearningEnd",
    "LearningRound",
    "Level",
    "Line",
    "LocalWord",
    "MessageChannel",
    "MessageState",
    "ModelUse",
    "Notice",
    "NoticeReader",
    "OptOut",
    "Order",
    "OrderAssistant",
    "OrderClocks",
    "OrderEvent",
    "OrderNumberDay",
    "Origin",
    "OutboxEntry",
    "OutboxState",
    "Outcome",
    "OutreachEvent",
    "Pause",
    "Place",
    "Question",
    "Receipt",
    "ReceiptOutcome",
    "Recording",
    "RecordingKind",
    "RecordingState",
    "Result",
    "ResultFile",
    "RosterWarning",
    "Shift",
    "ShiftSwap",
    "Statement",
    "SurveyAnswer",
    "SurveyAttempt",
    "SurveyRound",
    "TextMessage",
    "Transcript",
    "Transfer",
    "TransferFile",
    "TransferPlatform",
    "TransferResult",
    "UnclearedList",
    "UnclearedOrder",
    "UnderstandingUse",
    "Unit",
    "User",
    "UserRole",
    "WordKind",
    "WordState",
    "Work",
]

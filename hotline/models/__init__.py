"""The mapped classes, one module for each area."""

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
from hotline.models.orders import Channel, Fact, Order, OrderClocks, OrderEvent, OrderNumberDay, Outcome, Result
from hotline.models.outbox import OutboxEntry, OutboxState, Receipt, ReceiptOutcome, Work
from hotline.models.people import Level, Line, Place, Unit, User, UserRole
from hotline.models.roster import HandoverNote, RosterWarning, Shift, ShiftSwap
from hotline.models.speech import ModelUse
from hotline.models.surveys import AnswerKind, OptOut, Question, SurveyAnswer, SurveyAttempt, SurveyRound

__all__ = [
    "Action",
    "AnswerKind",
    "Attention",
    "AuditEntry",
    "Call",
    "CatalogueRow",
    "CatalogueUse",
    "CatalogueVersion",
    "Channel",
    "Direction",
    "Fact",
    "HandoverNote",
    "LearningEnd",
    "LearningRound",
    "Level",
    "Line",
    "LocalWord",
    "MessageState",
    "ModelUse",
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
    "Place",
    "Question",
    "Receipt",
    "ReceiptOutcome",
    "Recording",
    "RecordingKind",
    "RecordingState",
    "Result",
    "RosterWarning",
    "Shift",
    "ShiftSwap",
    "SurveyAnswer",
    "SurveyAttempt",
    "SurveyRound",
    "TextMessage",
    "Transcript",
    "UnderstandingUse",
    "Unit",
    "User",
    "UserRole",
    "WordKind",
    "WordState",
    "Work",
]

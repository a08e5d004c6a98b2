"""The words people read for every state, kind and choice; the catalogues hold them in each language."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import LazyString, lazy_gettext, lazy_pgettext

from hotline.models import (
    Action,
    AnswerKind,
    Attention,
    Channel,
    Direction,
    LearningEnd,
    Level,
    MessageState,
    Origin,
    Outcome,
    Question,
    ReceiptOutcome,
    RecordingKind,
    RecordingState,
    WordKind,
    WordState,
    Work,
)
from hotline.rules.alarms import AlarmState, RingState, Way
from hotline.rules.attachments import AttachmentKind
from hotline.rules.calendar import DayKind
from hotline.rules.call_flow import CallState
from hotline.rules.catalogue import Ground, Hold
from hotline.rules.clocks import Step
from hotline.rules.closing import Element
from hotline.rules.facts import Category, FactName, Group, Need, Urgency
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.rules.roster import Post, SwapState
from hotline.rules.supervision import ApprovalState, Colour, ExtensionState, Obstacle, PauseState, Why
from hotline.rules.survey_states import AttemptState, Reason, Resolved, RoundState, Satisfied
from hotline.services import text_messages
from hotline.services.desk.clocks import ClockRequest
from hotline.services.desk.endings import EndingRequest
from hotline.services.desk.start import Waiting
from hotline.services.recognition import Meaning
from speech.transcript import Doubt

_ = lazy_gettext
_p = lazy_pgettext

WORDS: Mapping[type[StrEnum], Mapping[Any, LazyString]] = {
    OrderState: {
        OrderState.RECEIVED: _p("order", "received"),
        OrderState.TRIAGED: _p("order", "reviewed"),
        OrderState.DISPATCHED: _p("order", "dispatched"),
        OrderState.ACCEPTED: _p("order", "accepted"),
        OrderState.IN_PROGRESS: _p("order", "in progress"),
        OrderState.REFERRED: _p("order", "referred"),
        OrderState.RESOLVED: _p("order", "awaiting callback"),
        OrderState.REOPENED: _p("order", "reopened"),
        OrderState.CLOSED: _p("order", "closed"),
        OrderState.ANSWERED: _p("order", "answered directly"),
        OrderState.MERGED: _p("order", "merged"),
        OrderState.INVALID: _p("order", "invalid"),
    },
    Move: {
        Move.TRIAGE: _p("move", "Review done"),
        Move.INVALIDATE: _p("move", "Mark as invalid"),
        Move.RESTORE: _p("move", "Restore"),
        Move.DISPATCH: _p("move", "Dispatch"),
        Move.ANSWER: _p("move", "Answer directly"),
        Move.ACCEPT: _p("move", "Accept"),
        Move.RETURN: _p("move", "Return"),
        Move.CONTACT: _p("move", "Contact made"),
        Move.RESOLVE: _p("move", "Report the result"),
        Move.REFER: _p("move", "Refer"),
        Move.REPORT_BACK: _p("move", "Report their result"),
        Move.TAKE_BACK: _p("move", "Take back"),
        Move.CLOSE: _p("move", "Close"),
        Move.REOPEN: _p("move", "Reopen"),
        Move.REWORK: _p("move", "Have it done again"),
        Move.MERGE: _p("move", "Merge"),
        Move.UNMERGE: _p("move", "Undo the merge"),
    },
    Remark: {
        Remark.ASSISTANT_ADDED: _p("remark", "assisting unit added"),
        Remark.ASSISTANT_REMOVED: _p("remark", "assisting unit released"),
        Remark.ASSISTED: _p("remark", "assisting unit reports"),
        Remark.KEPT: _p("remark", "left to a dispatcher"),
        Remark.PAUSE_ASKED: _p("remark", "pause asked for"),
        Remark.PAUSED: _p("remark", "clocks paused"),
        Remark.PAUSE_REFUSED: _p("remark", "pause refused"),
        Remark.RESUMED: _p("remark", "clocks run on"),
        Remark.EXTENSION_ASKED: _p("remark", "more time asked for"),
        Remark.EXTENDED: _p("remark", "more time granted"),
        Remark.EXTENSION_REFUSED: _p("remark", "more time refused"),
        Remark.TIGHTENED: _p("remark", "limits tightened by emergency mode"),
        Remark.SUPERVISED: _p("remark", "supervisor's note"),
        Remark.SUPPLEMENTED: _p("remark", "the caller added something"),
        Remark.CHASED: _p("remark", "the caller asked how it stands"),
        Remark.TOOK_IN: _p("remark", "took in another order"),
        Remark.BY_TEXT: _p("remark", "served in writing from now on"),
        Remark.BY_VOICE: _p("remark", "served by telephone from now on"),
        Remark.WROTE: _p("remark", "wrote to the caller"),
        Remark.RESULT_REPORTED: _p("remark", "result reported, waits for approval"),
        Remark.RESULT_SENT_BACK: _p("remark", "result sent back"),
        Remark.MADE_SECRET: _p("remark", "made confidential"),
        Remark.SECRECY_LIFTED: _p("remark", "no longer confidential"),
    },
    Ground: {
        Ground.ROW: _p("dispatch", "a row of the dispatch catalogue"),
        Ground.PLACE: _p("dispatch", "the unit of the place"),
        Ground.ABOVE: _p("dispatch", "the nearest unit above the place that has handlers"),
        Ground.NO_PLACE: _p("dispatch", "no row fits, and the place is not known"),
        Ground.NOBODY: _p("dispatch", "no row fits, and no unit of the place has handlers"),
    },
    Hold: {
        Hold.SECRET: _p("dispatch", "a secret order"),
        Hold.RETURNED: _p("dispatch", "it was returned before"),
        Hold.UNSURE_CATEGORY: _p("dispatch", "the category is not sure enough"),
        Hold.UNSURE_PLACE: _p("dispatch", "the place is not sure enough"),
        Hold.NO_SIGNER: _p("dispatch", "nobody at the unit could sign for it"),
    },
    Step: {
        Step.ACCEPT: _p("clock", "accept"),
        Step.CONTACT: _p("clock", "contact"),
        Step.RESOLVE: _p("clock", "result"),
        Step.DECIDE: _p("clock", "approval"),
    },
    Urgency: {
        Urgency.EMERGENCY: _p("urgency", "emergency"),
        Urgency.URGENT: _p("urgency", "urgent"),
        Urgency.NORMAL: _p("urgency", "normal"),
        Urgency.CONSULTATION: _p("urgency", "consultation"),
    },
    Category: {
        Category.SUPPLIES: _p("category", "supplies"),
        Category.MEDICAL: _p("category", "medical care"),
        Category.HOUSING: _p("category", "housing"),
        Category.INCOME: _p("category", "livelihood"),
        Category.ELDERLY: _p("category", "elderly care"),
        Category.CHILDREN: _p("category", "child protection"),
        Category.DISABILITY: _p("category", "disability"),
        Category.HOMELESS: _p("category", "homelessness"),
        Category.UTILITIES: _p("category", "utilities"),
        Category.POLICY: _p("category", "policy question"),
        Category.COMPLAINT: _p("category", "complaint"),
        Category.OTHER: _p("category", "other"),
    },
    Need: {
        Need.FOOD: _p("need", "food"),
        Need.WATER: _p("need", "water"),
        Need.GAS: _p("need", "gas"),
        Need.MEDICINE: _p("need", "medicine"),
        Need.MILK_POWDER: _p("need", "milk powder"),
        Need.DIAPERS: _p("need", "nappies"),
        Need.CLOTHING: _p("need", "clothing"),
        Need.QUILT: _p("need", "quilt"),
        Need.CASH: _p("need", "money"),
        Need.SHELTER: _p("need", "shelter"),
        Need.CARE: _p("need", "care"),
        Need.TRANSPORT: _p("need", "transport"),
        Need.POWER: _p("need", "power"),
        Need.NETWORK: _p("need", "network"),
        Need.DOCTOR: _p("need", "doctor"),
        Need.COMPANIONSHIP: _p("need", "company"),
    },
    Group: {
        Group.ELDERLY_ALONE: _p("group", "elderly living alone"),
        Group.ELDERLY: _p("group", "elderly"),
        Group.CHILD: _p("group", "child"),
        Group.LEFT_BEHIND_CHILD: _p("group", "left-behind child"),
        Group.ORPHAN: _p("group", "orphan"),
        Group.DISABLED: _p("group", "disabled"),
        Group.HEARING_IMPAIRED: _p("group", "hearing impaired"),
        Group.VISUALLY_IMPAIRED: _p("group", "visually impaired"),
        Group.PREGNANT: _p("group", "pregnant"),
        Group.INFANT: _p("group", "infant"),
        Group.SERIOUS_ILLNESS: _p("group", "seriously ill"),
        Group.LOW_INCOME: _p("group", "low income"),
        Group.DESTITUTE: _p("group", "destitute"),
        Group.HOMELESS: _p("group", "homeless"),
        Group.UNEMPLOYED: _p("group", "unemployed"),
    },
    FactName: {
        FactName.SUMMARY: _p("fact", "Summary"),
        FactName.CATEGORY: _p("fact", "Category"),
        FactName.URGENCY: _p("fact", "Urgency"),
        FactName.NEEDS: _p("fact", "Needs"),
        FactName.GROUPS: _p("fact", "People affected"),
        FactName.PEOPLE: _p("fact", "How many"),
        FactName.PLACE: _p("fact", "Place"),
        FactName.ADDRESS: _p("fact", "Address"),
        FactName.CALLER_NAME: _p("fact", "Caller"),
        FactName.PHONE: _p("fact", "Telephone"),
        FactName.CONTACT: _p("fact", "Whom to ring"),
    },
    Role: {
        Role.CALL_TAKER: _p("role", "call taker"),
        Role.DISPATCHER: _p("role", "dispatcher"),
        Role.HANDLER: _p("role", "handler"),
        Role.SUPERVISOR: _p("role", "supervisor"),
        Role.ADMINISTRATOR: _p("role", "administrator"),
    },
    Post: {
        Post.DUTY: _p("post", "on duty"),
        Post.BACKUP: _p("post", "on standby"),
        Post.CALL_TAKER: _p("post", "taking calls"),
        Post.HANDLER: _p("post", "handling orders"),
        Post.LEADER: _p("post", "in charge"),
    },
    SwapState: {
        SwapState.ASKED: _p("swap", "asked for"),
        SwapState.ACCEPTED: _p("swap", "swapped"),
        SwapState.DECLINED: _p("swap", "declined"),
        SwapState.WITHDRAWN: _p("swap", "withdrawn"),
        SwapState.LAPSED: _p("swap", "lapsed undecided"),
    },
    AlarmState: {
        AlarmState.RINGING: _p("alarm", "people on duty are being told"),
        AlarmState.ACKNOWLEDGED: _p("alarm", "taken on"),
        AlarmState.UNANSWERED: _p("alarm", "taken on by nobody"),
        AlarmState.OVER: _p("alarm", "over"),
    },
    Way: {
        Way.KEY: _p("way", "by key on the telephone"),
        Way.CONSOLE: _p("way", "opened the order"),
        Way.MOVE: _p("way", "moved the order on"),
    },
    RingState: {
        RingState.PLANNED: _p("ring", "planned"),
        RingState.DIALLING: _p("ring", "dialling"),
        RingState.RINGING: _p("ring", "ringing"),
        RingState.TALKING: _p("ring", "on the line"),
        RingState.CONFIRMED: _p("ring", "took it on"),
        RingState.NOT_CONFIRMED: _p("ring", "answered, pressed no key"),
        RingState.NO_ANSWER: _p("ring", "no answer"),
        RingState.BUSY: _p("ring", "busy"),
        RingState.FAILED: _p("ring", "could not be rung"),
        RingState.CANCELLED: _p("ring", "not needed any more"),
    },
    Channel: {
        Channel.PHONE: _p("channel", "telephone"),
        Channel.TEXT: _p("channel", "text message"),
        Channel.WEB: _p("channel", "web form"),
        Channel.DESK: _p("channel", "at the desk"),
        Channel.EVENT: _p("channel", "outreach event"),
        Channel.TRANSFER: _p("channel", "passed on by 12345"),
        Channel.CAMPAIGN: _p("channel", "check call"),
        Channel.SOCIAL: _p("channel", "social media"),
    },
    Direction: {
        Direction.INBOUND: _p("direction", "in"),
        Direction.OUTBOUND: _p("direction", "out"),
    },
    CallState: {
        CallState.GREETED: _p("call", "hearing the greeting"),
        CallState.WITH_PERSON: _p("call", "with a person"),
        CallState.RECORDER: _p("call", "leaving a message"),
        CallState.ASKED_AGAIN: _p("call", "asked to speak again"),
        CallState.THANKED: _p("call", "left a message"),
        CallState.TALKED: _p("call", "spoke with a person"),
        CallState.SILENT: _p("call", "said nothing"),
        CallState.ABANDONED: _p("call", "hung up"),
        CallState.REFUSED: _p("call", "wrong number"),
        CallState.NOT_SERVED: _p("call", "not served: system fault"),
        CallState.OUTBOUND: _p("call", "our own call"),
    },
    Attention: {
        Attention.RING_BACK: _p("attention", "ring back"),
        Attention.RECORDING_LOST: _p("attention", "recording lost"),
        Attention.RECORDING_UNREADABLE: _p("attention", "recording unreadable"),
        Attention.NOTHING_HEARD: _p("attention", "no words heard"),
        Attention.NOT_UNDERSTOOD: _p("attention", "not understood by the machine"),
        Attention.TRANSCRIPTION_FAILED: _p("attention", "not transcribed"),
    },
    Doubt: {
        Doubt.SILENCE: _p("doubt", "nothing sounds"),
        Doubt.NO_SPEECH: _p("doubt", "nobody speaks"),
        Doubt.UNKNOWN_SPEECH: _p("doubt", "speech the machine does not know"),
        Doubt.UNSURE: _p("doubt", "heard badly"),
    },
    RecordingKind: {
        RecordingKind.MESSAGE: _p("recording", "message"),
        RecordingKind.CONVERSATION: _p("recording", "conversation"),
        RecordingKind.SURVEY: _p("recording", "spoken answer"),
    },
    RecordingState: {
        RecordingState.EXPECTED: _p("recording", "being fetched"),
        RecordingState.STORED: _p("recording", "being transcribed"),
        RecordingState.TRANSCRIBED: _p("recording", "transcribed"),
        RecordingState.NO_SPEECH: _p("recording", "no words in it"),
        RecordingState.UNREADABLE: _p("recording", "unreadable"),
        RecordingState.LOST: _p("recording", "lost"),
        RecordingState.FAILED: _p("recording", "transcription failed"),
    },
    Origin: {
        Origin.MACHINE: _p("origin", "machine"),
        Origin.PERSON: _p("origin", "person"),
    },
    MessageState: {
        MessageState.WAITING: _p("message", "waiting"),
        MessageState.SENT: _p("message", "sent"),
        MessageState.DELIVERED: _p("message", "delivered"),
        MessageState.FAILED: _p("message", "not delivered"),
    },
    Outcome: {
        Outcome.SOLVED: _p("outcome", "solved"),
        Outcome.PARTLY: _p("outcome", "partly solved"),
        Outcome.NOT_SOLVED: _p("outcome", "not solved"),
        Outcome.REFERRED: _p("outcome", "referred to others"),
    },
    RoundState: {
        RoundState.WAITING: _p("round", "waiting to be rung"),
        RoundState.CALLING: _p("round", "being rung"),
        RoundState.LISTENING: _p("round", "answer being transcribed"),
        RoundState.PERSON: _p("round", "waits for a person"),
        RoundState.ANSWERED: _p("round", "answered"),
        RoundState.REFUSED: _p("round", "refused"),
        RoundState.NOT_REACHED: _p("round", "not reached"),
        RoundState.CANCELLED: _p("round", "cancelled"),
    },
    AttemptState: {
        AttemptState.PLANNED: _p("attempt", "planned"),
        AttemptState.DIALLING: _p("attempt", "dialling"),
        AttemptState.RINGING: _p("attempt", "ringing"),
        AttemptState.TALKING: _p("attempt", "on the line"),
        AttemptState.ANSWERED: _p("attempt", "answered"),
        AttemptState.SPOKEN: _p("attempt", "answered by voice"),
        AttemptState.NO_KEY: _p("attempt", "no usable answer"),
        AttemptState.HUNG_UP: _p("attempt", "hung up"),
        AttemptState.REFUSED: _p("attempt", "wants no callbacks"),
        AttemptState.PERSON_WANTED: _p("attempt", "wants a person"),
        AttemptState.NO_ANSWER: _p("attempt", "no answer"),
        AttemptState.BUSY: _p("attempt", "busy"),
        AttemptState.FAILED: _p("attempt", "could not be placed"),
        AttemptState.MACHINE: _p("attempt", "answering machine"),
        AttemptState.CANCELLED: _p("attempt", "cancelled"),
    },
    Resolved: {
        Resolved.YES: _p("resolved", "solved"),
        Resolved.PARTLY: _p("resolved", "partly solved"),
        Resolved.NO: _p("resolved", "not solved"),
    },
    Satisfied: {
        Satisfied.SATISFIED: _p("satisfied", "satisfied"),
        Satisfied.NEUTRAL: _p("satisfied", "so-so"),
        Satisfied.DISSATISFIED: _p("satisfied", "dissatisfied"),
    },
    Reason: {
        Reason.NOT_CONTACTED: _p("reason", "nobody came or rang"),
        Reason.NOT_RESOLVED: _p("reason", "the matter still stands"),
        Reason.ONLY_PARTLY: _p("reason", "only a part is done"),
        Reason.TOO_SLOW: _p("reason", "too slow"),
        Reason.ATTITUDE: _p("reason", "how they were spoken to"),
        Reason.OTHER: _p("reason", "another reason"),
    },
    Question: {
        Question.RESOLVED: _p("question", "Was it solved?"),
        Question.SATISFIED: _p("question", "Satisfied?"),
        Question.REASON: _p("question", "Why not?"),
        Question.FREE: _p("question", "In their own words"),
    },
    AnswerKind: {
        AnswerKind.KEY: _p("answer", "key"),
        AnswerKind.VOICE: _p("answer", "by voice"),
        AnswerKind.NOTHING: _p("answer", "no answer"),
        AnswerKind.WRONG_KEY: _p("answer", "wrong key"),
        AnswerKind.TEXT: _p("answer", "in writing"),
    },
    Work: {
        Work.FETCH_RECORDING: _p("work", "fetch the recording"),
        Work.TRANSCRIBE_RECORDING: _p("work", "transcribe the recording"),
        Work.RETRANSCRIBE_RECORDING: _p("work", "transcribe the recording anew"),
        Work.UNDERSTAND_TRANSCRIPT: _p("work", "understand the transcript"),
        Work.DELETE_AT_CARRIER: _p("work", "delete the recording at the carrier"),
        Work.SEND_MESSAGE: _p("work", "send the text message"),
        Work.DIAL_ATTEMPT: _p("work", "ring the caller"),
        Work.ADOPT_RECORDING: _p("work", "find out whose recording it is"),
        Work.RING_ALARM: _p("work", "ring whoever is on duty about an emergency"),
        Work.LEARN: _p("work", "learn from reviewed orders"),
        Work.UNDERSTAND_STATEMENT: _p("work", "understand what was written"),
        Work.UNDERSTAND_ANSWER: _p("work", "understand a written answer to the callback"),
        Work.END_TEXT_ATTEMPT: _p("work", "end the wait for a written answer"),
    },
    ReceiptOutcome: {
        ReceiptOutcome.APPLIED: _p("receipt", "applied"),
        ReceiptOutcome.UNMATCHED: _p("receipt", "about a call that we do not know"),
        ReceiptOutcome.UNKNOWN_TO_CARRIER: _p("receipt", "the carrier does not know the call either"),
        ReceiptOutcome.NOT_OURS: _p("receipt", "on a number that is none of ours"),
    },
    Level: {
        Level.CITY: _p("level", "city"),
        Level.DISTRICT: _p("level", "district"),
        Level.STREET: _p("level", "street"),
        Level.COMMUNITY: _p("level", "community"),
        Level.GRID: _p("level", "grid"),
        Level.DEPARTMENT: _p("level", "department"),
        Level.CHARITY: _p("level", "charity"),
    },
    Action: {
        Action.SIGNED_IN: _p("action", "signed in"),
        Action.SIGN_IN_FAILED: _p("action", "sign-in failed"),
        Action.SIGNED_OUT: _p("action", "signed out"),
        Action.RECORDING_HEARD: _p("action", "listened to a recording"),
        Action.TRANSCRIPT_SEEN: _p("action", "read a transcript or statement"),
        Action.TRANSCRIPT_CORRECTED: _p("action", "corrected a transcript"),
        Action.FACT_CONFIRMED: _p("action", "confirmed a fact"),
        Action.NUMBER_SEEN: _p("action", "had a number shown"),
        Action.ORDER_MOVED: _p("action", "moved an order on"),
        Action.WORK_REPLAYED: _p("action", "had work done again"),
        Action.CALL_HANDLED: _p("action", "dealt with a call"),
        Action.USER_CREATED: _p("action", "made a user"),
        Action.USER_CHANGED: _p("action", "changed a user"),
        Action.USER_ENDED: _p("action", "put a user out of service"),
        Action.USER_LET_IN: _p("action", "let a user sign in again"),
        Action.PASSWORD_SET: _p("action", "set a password"),
        Action.ORGANISATION_IMPORTED: _p("action", "imported the organisation"),
        Action.LEARNING_ASKED: _p("action", "asked for a round of learning"),
        Action.UNDERSTANDING_CHOSEN: _p("action", "chose what to understand with"),
        Action.WORD_DECIDED: _p("action", "decided about a local word"),
        Action.CATALOGUE_CHANGED: _p("action", "changed a dispatch catalogue"),
        Action.CATALOGUE_CHOSEN: _p("action", "chose a version of a dispatch catalogue"),
        Action.AUTO_DISPATCH_SET: _p("action", "set automatic dispatch"),
        Action.ASSISTANTS_CHANGED: _p("action", "changed who assists"),
        Action.ASSISTANCE_NOTED: _p("action", "reported as an assisting unit"),
        Action.PHONE_SET: _p("action", "set a person's telephone"),
        Action.ROSTER_IMPORTED: _p("action", "imported a duty plan"),
        Action.SHIFT_PLANNED: _p("action", "planned a shift"),
        Action.SHIFT_CANCELLED: _p("action", "cancelled a shift"),
        Action.SWAP_ASKED: _p("action", "asked for a swap of shifts"),
        Action.SWAP_DECIDED: _p("action", "decided about a swap of shifts"),
        Action.HANDOVER_WRITTEN: _p("action", "left a hand-over note"),
        Action.HANDOVER_READ: _p("action", "read a hand-over note"),
        Action.CALENDAR_CHANGED: _p("action", "changed the working calendar"),
        Action.EMERGENCY_MODE_SET: _p("action", "switched emergency mode"),
        Action.PAUSE_ASKED: _p("action", "asked for a pause"),
        Action.PAUSE_DECIDED: _p("action", "decided about a pause"),
        Action.PAUSE_ENDED: _p("action", "ended a pause"),
        Action.EXTENSION_ASKED: _p("action", "asked for more time"),
        Action.EXTENSION_DECIDED: _p("action", "decided about more time"),
        Action.ORDER_SUPERVISED: _p("action", "supervised an order"),
        Action.POLICY_SET: _p("action", "changed a unit's settings"),
        Action.NOTICE_SEEN: _p("action", "saw a supervision notice"),
        Action.FILE_ATTACHED: _p("action", "attached a file"),
        Action.ATTACHMENT_SEEN: _p("action", "looked at an attachment"),
        Action.RESULT_REPORTED: _p("action", "reported a result for approval"),
        Action.RESULT_DECIDED: _p("action", "decided about a result"),
        Action.SECRECY_SET: _p("action", "set an order's confidentiality"),
        Action.ALARM_ACKNOWLEDGED: _p("action", "took an emergency alarm on"),
        Action.ORDER_ENTERED: _p("action", "entered an order"),
        Action.EVENT_ADDED: _p("action", "added an outreach event"),
        Action.CHANNEL_SET: _p("action", "set up a message channel"),
        Action.LETTER_WRITTEN: _p("action", "wrote to a caller"),
        Action.TRANSFERS_TAKEN: _p("action", "took in orders of another platform"),
        Action.RESULTS_WRITTEN: _p("action", "wrote results back to another platform"),
        Action.PLATFORM_SET: _p("action", "set a platform that passes orders on"),
    },
    Meaning: {
        Meaning.SUPPLEMENT: _p("known caller", "Adds to it"),
        Meaning.CHASE: _p("known caller", "Asks how it stands"),
        Meaning.REPEAT: _p("known caller", "The same request again"),
        Meaning.AGAIN: _p("known caller", "Not settled: do it again"),
    },
    DayKind: {
        DayKind.HOLIDAY: _p("calendar", "holiday"),
        DayKind.WORKDAY: _p("calendar", "make-up workday"),
    },
    Colour: {
        Colour.BLUE: _p("colour", "blue: reminder"),
        Colour.YELLOW: _p("colour", "yellow: overdue"),
        Colour.RED: _p("colour", "red: long overdue"),
    },
    ClockRequest: {
        ClockRequest.ASK_PAUSE: _p("clocks", "Pause"),
        ClockRequest.DECIDE_PAUSE: _p("clocks", "Decide about the pause"),
        ClockRequest.RESUME: _p("clocks", "Let the clocks run on"),
        ClockRequest.ASK_EXTENSION: _p("clocks", "Ask for more time"),
        ClockRequest.DECIDE_EXTENSION: _p("clocks", "Decide about more time"),
        ClockRequest.NOTE: _p("clocks", "Supervisor’s note"),
    },
    Obstacle: {
        Obstacle.NOT_WORKED_ON: _p("obstacle", "Only an order that was signed for and is worked on has this."),
        Obstacle.STANDS_STILL: _p("obstacle", "The clocks of this order stand still."),
        Obstacle.ENDS_TOO_EARLY: _p("obstacle", "A pause ends later than now."),
        Obstacle.TOO_LONG: _p("obstacle", "This is longer than all pauses of an order together may last."),
        Obstacle.NOTHING_TO_STOP: _p("obstacle", "No limit is left that a pause could stop."),
        Obstacle.NO_LIMIT: _p("obstacle", "There is no limit for a result."),
        Obstacle.LIMIT_PASSED: _p("obstacle", "The limit has passed: more time is asked for before it."),
        Obstacle.GAINS_NOTHING: _p("obstacle", "The new limit must be later than the present one."),
    },
    PauseState: {
        PauseState.ASKED: _p("pause", "waits for a decision"),
        PauseState.REFUSED: _p("pause", "refused"),
        PauseState.WITHDRAWN: _p("pause", "withdrawn"),
        PauseState.RUNNING: _p("pause", "clocks stand still"),
        PauseState.RESUMED: _p("pause", "ended by a person"),
        PauseState.EXPIRED: _p("pause", "ended as planned"),
        PauseState.MOVED_ON: _p("pause", "ended by a move"),
    },
    ExtensionState: {
        ExtensionState.ASKED: _p("extension", "waits for a decision"),
        ExtensionState.GRANTED: _p("extension", "granted"),
        ExtensionState.REFUSED: _p("extension", "refused"),
        ExtensionState.WITHDRAWN: _p("extension", "withdrawn"),
    },
    Element: {
        Element.CONTACT: _p("closing element", "talk with the caller"),
        Element.DONE: _p("closing element", "what was done"),
        Element.WHY_NOT: _p("closing element", "why it is not solved, where it is not"),
        Element.AID: _p("closing element", "what was handed out, or that nothing was needed"),
        Element.VISIT_RECORD: _p("closing element", "visit record"),
        Element.PHOTO: _p("closing element", "photo taken by our own people"),
    },
    ApprovalState: {
        ApprovalState.ASKED: _p("approval", "waits for approval"),
        ApprovalState.APPROVED: _p("approval", "approved"),
        ApprovalState.SENT_BACK: _p("approval", "sent back"),
        ApprovalState.WITHDRAWN: _p("approval", "withdrawn"),
    },
    EndingRequest: {
        EndingRequest.APPROVE: _p("ending", "Approve the result"),
        EndingRequest.SEND_BACK: _p("ending", "Send the result back"),
        EndingRequest.MAKE_SECRET: _p("ending", "Keep it confidential"),
        EndingRequest.LIFT_SECRECY: _p("ending", "Lift confidentiality"),
    },
    AttachmentKind: {
        AttachmentKind.PHOTO: _p("file", "photo"),
        AttachmentKind.PDF: _p("file", "PDF"),
    },
    Why: {
        Why.PAUSED: _p("why", "paused"),
        Why.PAUSE_ASKED: _p("why", "pause asked for"),
        Why.EXTENSION_ASKED: _p("why", "more time asked for"),
        Why.EXTENDED: _p("why", "more time granted"),
        Why.LAST_WORD: _p("why", "last word in the history"),
        Why.NOTHING_SAID: _p("why", "nothing said"),
        Why.APPROVAL_ASKED: _p("why", "result waits for approval"),
    },
    LearningEnd: {
        LearningEnd.BETTER: _p("learning", "better: put into use"),
        LearningEnd.NOT_BETTER: _p("learning", "not better: kept aside"),
        LearningEnd.TOO_FEW: _p("learning", "too few reviewed orders"),
        LearningEnd.FAILED: _p("learning", "failed"),
    },
    WordState: {
        WordState.PROPOSED: _p("word", "to decide"),
        WordState.ACCEPTED: _p("word", "taken in"),
        WordState.REJECTED: _p("word", "not taken in"),
    },
    WordKind: {
        WordKind.PLACE: _p("word", "place"),
        WordKind.DRUG: _p("word", "medicine"),
    },
    Waiting: {
        Waiting.TO_REVIEW: _p("waiting", "orders to review"),
        Waiting.CALLS: _p("waiting", "calls that need attention"),
        Waiting.SURVEYS: _p("waiting", "callbacks for a person"),
        Waiting.ANSWERED: _p("waiting", "answered orders to close"),
        Waiting.TO_DISPATCH: _p("waiting", "orders to dispatch"),
        Waiting.TO_ACCEPT: _p("waiting", "orders to accept"),
        Waiting.TO_CONTACT: _p("waiting", "callers to contact"),
        Waiting.TO_RESOLVE: _p("waiting", "orders in progress"),
        Waiting.REFERRED: _p("waiting", "orders with other bodies"),
        Waiting.REOPENED: _p("waiting", "reopened orders"),
        Waiting.TO_APPROVE: _p("waiting", "results to approve"),
        Waiting.OVERDUE: _p("waiting", "orders past a limit"),
        Waiting.RED: _p("waiting", "red notices not seen"),
        Waiting.NOTICES: _p("waiting", "supervision notices not seen"),
        Waiting.TO_DECIDE: _p("waiting", "pauses and extensions to decide"),
        Waiting.TO_APPOINT: _p("waiting", "returned orders to appoint"),
        Waiting.TROUBLES: _p("waiting", "things that could not be done"),
    },
}

# Whom to ring, as the machine says it and as people choose it; older words are shown as they were written.
CONTACTS: Mapping[str, LazyString] = {
    "caller": _p("contact", "the caller"),
    "person_in_need": _p("contact", "the person in need"),
    "other": _p("contact", "somebody else"),
}


def word(member: StrEnum | None) -> str:
    """The word for a state, kind or choice; nothing for nothing."""
    return "" if member is None else str(WORDS[type(member)][member])


_ENUM_OF: Mapping[FactName, type[StrEnum]] = {
    FactName.CATEGORY: Category,
    FactName.URGENCY: Urgency,
    FactName.NEEDS: Need,
    FactName.GROUPS: Group,
}


def fact_words(name: FactName, value: Any, units: Mapping[str, str]) -> str:
    """A fact's value in words; `units` names units by their codes. Empty when there is nothing to say."""
    if value in (None, "", []):
        return ""
    if name in _ENUM_OF:
        members = value if isinstance(value, list) else [value]
        return str(_p("between the parts of a list", ", ")).join(word(_ENUM_OF[name](member)) for member in members)
    if name == FactName.PLACE:
        return units.get(value, value)
    if name == FactName.CONTACT:
        return str(CONTACTS.get(value, value))
    return str(value)


def masked(number: str | None) -> str:
    """The last four digits of a telephone number."""
    return str(_("withheld")) if not number else f"•••• {number[-4:]}"


def reason_words(reason: str) -> str:
    """The reason in the history; what the callback's machine or the catalogue wrote there is put into words."""
    kind, _colon, said = reason.partition(":")
    if kind == "catalogue":
        return str(_p("history", "catalogue: %(said)s", said=_catalogue_words(said)))
    if kind == "caller":
        return str(_p("history", "the caller came again: %(number)s", number=said))
    if kind in set(Meaning):
        return str(_p("history", "%(meaning)s: %(number)s", meaning=word(Meaning(kind)), number=said))
    if kind != "callback":
        return reason
    return str(_p("history", "callback: %(said)s", said=_callback_words(said)))


def _callback_words(said: str) -> str:
    if said == "danger":
        return str(_p("history", "words of danger"))
    if said in set(RoundState):
        return word(RoundState(said))
    resolved, _slash, satisfied = said.partition("/")
    words = [
        word(Resolved(resolved)) if resolved in set(Resolved) else "",
        word(Satisfied(satisfied)) if satisfied in set(Satisfied) else "",
    ]
    return str(_p("between the parts of a list", ", ")).join(filter(None, words))


def _catalogue_words(said: str) -> str:
    kind = next((kind for kind in (Ground, Hold) if said in set(kind)), None)
    return word(kind(said)) if kind else said


# What a message between us and a caller is for, where that must be told.
PURPOSES: Mapping[str, LazyString] = {
    text_messages.RECEIPT: _p("message", "receipt"),
    text_messages.SURVEY: _p("message", "callback"),
    text_messages.LETTER: _p("message", "letter"),
}

# What an entry of the audit log is about, by the name of its table.
SUBJECTS: Mapping[str, LazyString] = {
    "orders": _p("subject", "order"),
    "calls": _p("subject", "call"),
    "recordings": _p("subject", "recording"),
    "statements": _p("subject", "written statement"),
    "users": _p("subject", "user"),
    "units": _p("subject", "unit"),
    "outbox": _p("subject", "work"),
    "shifts": _p("subject", "shift"),
    "handover_notes": _p("subject", "hand-over note"),
    "learning_rounds": _p("subject", "round of learning"),
    "attachments": _p("subject", "attachment"),
    "emergency_modes": _p("subject", "emergency mode"),
    "outreach_events": _p("subject", "outreach event"),
    "notices": _p("subject", "notice of supervision"),
    "local_words": _p("subject", "local word"),
    "catalogue_versions": _p("subject", "dispatch catalogue"),
    "message_channels": _p("subject", "message channel"),
    "transfer_files": _p("subject", "file of orders passed on"),
    "result_files": _p("subject", "file of results"),
    "transfer_platforms": _p("subject", "platform that passes orders on"),
}


def subject_word(subject: str) -> str:
    """The word for what an entry is about; what has none is shown as it is."""
    return str(SUBJECTS.get(subject, subject))

"""Spoken answers to our own calls: to the callback after an order, and to a check call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

from speech.understand.evidence import Witness
from speech.understand.facts import NONE_SAID, NOT_SAID, CheckCallAnswers, Fact, SurveyAnswers
from speech.understand.learned import NOTHING, Weighing, base
from speech.understand.lexicon import Phrases, Span, phrases, table
from speech.understand.needs import find_needs
from speech.understand.signs import signs_of_answer
from speech.understand.sound import correct
from speech.understand.urgency import find_emergencies, find_urgent

# What goes on for longer is no answer, and would only cost time.
_LONGEST = 3000
_SURE, _LIKELY, _DOUBTFUL = 0.9, 0.75, 0.6
# What the model says alone has to be so much likelier than not.
_CLEAR = 0.55
# Kinds of signs, from the one that counts first where two phrases of the same length begin at one spot.
_FAILED = ("too_late", "undone", "no_contact", "failed")
_MATTER = ("nothing", "partly", *_FAILED, "visited", "tried", "done")
_VERDICT = ("nothing", "neutral", "dissatisfied", "satisfied", "thankful")
_REASON = ("nothing", "attitude", "other", "too_slow")
_STATE = ("nothing", "over", "now_well", "problem", "fine")
# 停电了 + 现在来了: how far before the words for what is well now the trouble may stand.
_JUST_BEFORE = 8
# What has to be missing for a rule of urgency.toml to make an answer urgent; any need for rules that aren't here.
_MAKES_URGENT = {
    "no_food": {"food", "milk_powder"},
    "no_medicine": {"medicine", "transport"},
    "no_heat": {"quilt", "clothing"},
    "no_roof": {"shelter"},
}
_UNDONE = {"no", "partly"}
_YES, _NO = "yes", "no"
_NOT_BEFORE = re.compile("没有?$|未$|不$")


@dataclass(frozen=True)
class _Said:
    """What was made of the signs for one fact: its value, the words for it, how sure."""

    value: str
    spans: tuple[Span, ...]
    confidence: float


def understand_survey(text: str) -> SurveyAnswers:
    """What a caller answers when asked whether it was solved and whether they are satisfied."""
    answer = _Answer(as_meant(text))
    witness = Witness(text)
    return SurveyAnswers(
        resolved=_fact(witness, answer.resolved),
        satisfied=_fact(witness, answer.satisfied),
        reason=_fact(witness, answer.reason),
        wants_human=_asked(witness, answer.text, "survey", "wants_human"),
        opt_out=_asked(witness, answer.text, "survey", "opt_out"),
        # In all of it, however long: nobody in danger talks to the point.
        emergencies=tuple(witness.evidence(span, says=True) for span in find_emergencies(correct(text))),
    )


@dataclass(frozen=True)
class _Answer:
    """The signs in an answer to the callback, and what they come to."""

    text: str

    @cached_property
    def beside(self) -> list[Span]:
        """What is said of the call itself and not of the order: wrong number, later, don't ring again."""
        return [
            span for key in ("no_answer", "opt_out", "wants_human") for span in phrases("survey", key).find(self.text)
        ]

    @cached_property
    def matter(self) -> list[Span]:
        """Whether it came, runs, was repaired: as told, from left to right."""
        return _signs(self.text, "survey", "matter", _MATTER, self.beside)

    @cached_property
    def verdict(self) -> list[Span]:
        return _signs(self.text, "survey", "verdict", _VERDICT, self.beside)

    @cached_property
    def grievances(self) -> list[Span]:
        return _signs(self.text, "survey", "reason", _REASON, self.beside)

    @cached_property
    def complaints(self) -> list[Span]:
        """Grievances that go beyond telling how the matter stands: 等了三天还没修好 may be a plain answer."""
        failed = _of(self.matter, "undone", "no_contact", "failed")
        return [
            span
            for span in self.grievances
            if not (failed and span.says == "too_slow") and not any(span.overlaps(other) for other in failed)
        ]

    @cached_property
    def weighing(self) -> Weighing:
        return base("survey").weigh(signs_of_answer(self.text))

    @cached_property
    def resolved(self) -> _Said | None:
        return _agreed(self.weighing, "resolved", self.resolved_by_rules)

    @cached_property
    def satisfied(self) -> _Said | None:
        return _agreed(self.weighing, "satisfied", self.satisfied_by_rules)

    @cached_property
    def resolved_by_rules(self) -> _Said | None:
        """Done and not done at once is a part, unless the one is told as the end of the other."""
        failed = _of(self.matter, *_FAILED)
        counts = ("tried", "done") if failed else ("visited", "tried", "done")
        done = [span for span in _of(self.matter, *counts) if not self._is_denied(span)]
        partly = _of(self.matter, "partly")
        if failed and not partly and self._stands(done, failed):
            return _Said("no", tuple(failed), _LIKELY if done else _SURE)
        if partly or (done and failed):
            return self._in_part(done, failed, partly)
        return _Said("yes", tuple(done), _SURE) if done else None

    def _stands(self, done: list[Span], failed: list[Span]) -> bool:
        """Nothing came of it: nothing was done, it came too late, is gone again, or was tried and is as it was."""
        if not done or self.matter[-1].says == "undone" or _of(failed, "too_late"):
            return True
        return all(span.says == "tried" for span in done) and self._is_as_it_was(failed)

    def _in_part(self, done: list[Span], failed: list[Span], partly: list[Span]) -> _Said:
        if done and _is_the_end(self.text, done[-1], [*failed, *partly]):
            return _Said("yes", (done[-1],), _DOUBTFUL)
        if not partly and failed[-1].end <= done[-1].start and all(span.says == "no_contact" for span in failed):
            return _Said("yes", tuple(done), _DOUBTFUL)
        return _Said("partly", tuple(partly or [*done, *failed]), _LIKELY if partly else _DOUBTFUL)

    def _is_denied(self, span: Span) -> bool:
        """还没 + 打到我卡上: the word that denies it belongs to a phrase of its own."""
        return bool(_NOT_BEFORE.search(self.text[max(0, span.start - 2) : span.start]))

    def _is_as_it_was(self, failed: Iterable[Span]) -> bool:
        """换了个新的还是不亮: told with a word for what goes on."""
        still = phrases("survey", "matter", "still")
        return all(still.occur(self.text[span.start : span.end]) for span in failed)

    @cached_property
    def satisfied_by_rules(self) -> _Said | None:
        """The last verdict in words counts; without one a grievance does, unless there are thanks behind it."""
        judged = _of(self.verdict, "satisfied", "neutral", "dissatisfied")
        thanked = _of(self.verdict, "thankful")
        if judged:
            return self._judged(judged)
        complaints = self.complaints
        if complaints and (not thanked or thanked[-1].start < complaints[-1].start):
            return _Said("dissatisfied", tuple(complaints), _LIKELY)
        if thanked:
            return _Said("satisfied", tuple(thanked), _LIKELY)
        return None

    def _judged(self, judged: list[Span]) -> _Said:
        last = judged[-1]
        same = tuple(span for span in judged if span.says == last.says)
        if last.says == "satisfied" and (irony := self._irony(last)):
            return _Said("dissatisfied", (last, irony), _DOUBTFUL)
        complaint = next((span for span in self.complaints if span.start >= last.end), None)
        if last.says == "satisfied" and complaint and "满意" not in self.text[last.start : last.end]:
            return _Said("dissatisfied", (complaint,), _DOUBTFUL)
        return _Said(last.says, same, _SURE if len(same) == len(judged) else _DOUBTFUL)

    def _irony(self, praise: Span) -> Span | None:
        """满意得很墙还是裂的: what failed is told right behind the praise, with no "but" between them."""
        if _turn("of_people").occur(self.text[max(0, praise.start - 3) : praise.end]):
            return None
        failed = next((span for span in _of(self.matter, *_FAILED) if span.start >= praise.end), None)
        is_turned = failed and _turn("but").occur(self.text[praise.end : failed.end])
        return None if is_turned else failed

    @cached_property
    def reason(self) -> _Said | None:
        """Always with no and partly, whatever is likelier."""
        by_rules = self.reason_by_rules
        weighed = _agreed(self.weighing, "reason", by_rules)
        return weighed or (by_rules if self.resolved and self.resolved.value in _UNDONE else None)

    @cached_property
    def reason_by_rules(self) -> _Said | None:
        """Always with no and partly; otherwise only where a reason is named for being dissatisfied."""
        if self.resolved and self.resolved.value == "partly":
            return replace(self.resolved, value="only_partly")
        if self.resolved and self.resolved.value == "no":
            return self._reason_of_failure(self.resolved)
        if not self.satisfied or self.satisfied.value != "dissatisfied" or not self.grievances:
            return None
        first = min(self.grievances, key=lambda span: _REASON.index(span.says))
        is_only = all(span.says == first.says for span in self.grievances)
        return _Said(first.says, (first,), _SURE if is_only else _DOUBTFUL)

    def _reason_of_failure(self, failure: _Said) -> _Said:
        alone = [span for span in failure.spans if span.says == "no_contact"]
        if alone and not phrases("survey", "somebody_came").occur(self.text):
            return _Said("not_contacted", tuple(alone), _SURE if len(alone) == len(failure.spans) else _LIKELY)
        late = [span for span in failure.spans if span.says == "too_late"]
        return replace(failure, value="too_slow", spans=tuple(late)) if late else replace(failure, value="not_resolved")


def _agreed(weighing: Weighing, fact: str, by_rules: _Said | None, sure: float = _LIKELY) -> _Said | None:
    """What the rules say where they are at least that `sure`; else what is likeliest, if there are words for it."""
    if by_rules and by_rules.confidence >= sure:
        return by_rules
    ruled = by_rules.value if by_rules else NOTHING
    verdict = weighing.verdict(fact, ruled)
    if verdict.value == ruled or not verdict.spans or verdict.confidence < _CLEAR:
        return by_rules
    return None if verdict.value == NOTHING else _Said(verdict.value, verdict.spans, verdict.confidence)


def named(value: object) -> str:
    """A fact's value as the models name it."""
    return NOTHING if value is None else (_YES if value else _NO) if isinstance(value, bool) else str(value)


def _is_the_end(text: str, done: Span, before: Iterable[Span]) -> bool:
    """总算办好了: it was told last, and as the end of a story."""
    reached = max(span.end for span in before)
    told = text[max(reached, done.start - 12) : done.end]
    return done.start >= reached and _turn("at_last").occur(told)


@cache
def _turn(name: str) -> Phrases:
    return phrases("survey", "turns", name)


def _signs(text: str, file: str, group: str, kinds: tuple[str, ...], beside: list[Span]) -> list[Span]:
    """All signs of a group, none over another nor over what is `beside` the point.

    At each spot the longest counts, then the kind that comes first.
    """
    found = [span for kind in kinds for span in phrases(file, group, kind).find(text)]
    found += beside
    found.sort(key=lambda span: (span.start, -span.end, kinds.index(span.says) if span.says in kinds else -1))
    kept: list[Span] = []
    for span in found:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return [span for span in kept if span.says in kinds and span.says != "nothing"]


def _of(signs: Iterable[Span], *kinds: str) -> list[Span]:
    return [span for span in signs if span.says in kinds]


def as_meant(text: str) -> str:
    """Misheard words put right, character for character: those that are likely in an answer to the callback."""
    return correct(_common(text), "hearing_answers")


def _common(text: str) -> str:
    """Dialect as people elsewhere would say it, character for character; no more of it than an answer can be long."""
    written, common = _common_words()
    return written.sub(lambda match: common[match[0]], text[:_LONGEST])


@cache
def _common_words() -> tuple[re.Pattern[str], Mapping[str, str]]:
    common: Mapping[str, str] = table("hearing_answers")["characters"]
    return re.compile("|".join(map(re.escape, sorted(common, key=len, reverse=True)))), common


def _asked(witness: Witness, text: str, file: str, key: str) -> Fact[bool]:
    span = phrases(file, key).first(text)
    return witness.fact(True, [span], _SURE) if span else Fact(False)


def _fact(witness: Witness, said: _Said | None) -> Fact[str | None]:
    return witness.fact(said.value, said.spans, said.confidence) if said else NOT_SAID


def as_meant_to_check(text: str) -> str:
    """Misheard words put right, character for character: those that are likely in an answer to a check call."""
    return correct(_common(text))


def understand_outreach(text: str) -> CheckCallAnswers:
    """What a household answers when asked whether it is missing anything; any problem named counts."""
    answer = CheckAnswer(as_meant_to_check(text))
    witness = Witness(text)
    wants_human = _asked(witness, answer.text, "outreach", "wants_human")
    problem = answer.problem
    if problem is None or problem.value == _NO:
        told = witness.fact(False, problem.spans, problem.confidence) if problem else NOT_SAID
        return CheckCallAnswers(problem=told, wants_human=wants_human)
    return CheckCallAnswers(
        problem=witness.fact(True, problem.spans, problem.confidence),
        needs=_needs(witness, answer.needs_weighed),
        urgency=_fact(witness, answer.urgency),
        wants_human=wants_human,
        emergencies=tuple(witness.evidence(span, says=True) for span in answer.emergencies),
    )


@dataclass(frozen=True)
class CheckAnswer:
    """The signs in an answer to a check call, and what they come to."""

    text: str

    @cached_property
    def state(self) -> list[Span]:
        """Whether all is well: as told, from left to right."""
        return _signs(self.text, "outreach", "state", _STATE, self.beside)

    @cached_property
    def beside(self) -> list[Span]:
        """What is said of the call itself and not of the household."""
        asked = [span for key in ("no_answer", "opt_out") for span in phrases("survey", key).find(self.text)]
        return [*asked, *phrases("outreach", "wants_human").find(self.text)]

    @cached_property
    def emergencies(self) -> list[Span]:
        return find_emergencies(self.text)

    @cached_property
    def problems(self) -> list[Span]:
        return [span for span in _of(self.state, "problem") if not self._is_over(span)]

    @cached_property
    def needs(self) -> list[Span]:
        """What is missing, without what came since, and what is spoken of only to say that it is there."""
        settled = _of(self.state, "over", "now_well") if self.problems else self.fine
        settled += phrases("outreach", "wants_human").find(self.text)
        missing = [span for span in find_needs(self.text) if not self._is_over(span)]
        return [span for span in missing if not any(span.overlaps(other) for other in settled)]

    def _is_over(self, span: Span) -> bool:
        now_well = _of(self.state, "now_well")
        return any(span.start < other.start <= span.end + _JUST_BEFORE for other in now_well)

    @cached_property
    def trouble(self) -> list[Span]:
        return [*self.emergencies, *self.needs, *self.problems]

    @property
    def fine(self) -> list[Span]:
        return _of(self.state, "fine", "over", "now_well")

    @cached_property
    def weighing(self) -> Weighing:
        return base("outreach").weigh(signs_of_answer(self.text))

    @cached_property
    def problem(self) -> _Said | None:
        """A danger to life is one, whatever is likelier."""
        by_rules = self.problem_by_rules
        return by_rules if self.emergencies else _agreed(self.weighing, "problem", by_rules)

    @cached_property
    def problem_by_rules(self) -> _Said | None:
        if self.trouble:
            is_sure = not self.fine or self.emergencies
            return _Said(_YES, tuple(self.trouble), _SURE if is_sure else _DOUBTFUL)
        return _Said(_NO, tuple(self.fine), _SURE) if self.fine else None

    @cached_property
    def needs_weighed(self) -> list[Span]:
        """What rules and model agree on; what either says alone only where it is clear enough."""
        ruled = {span.says for span in self.needs}
        verdicts = self.weighing.several("needs", ruled)
        known = {verdict.value for verdict in verdicts} | (ruled - set(self.weighing.model.columns["needs"].values))
        added = [
            Span(span.start, span.end, verdict.value)
            for verdict in verdicts
            if verdict.value not in ruled
            for span in verdict.spans
        ]
        return [*(span for span in self.needs if span.says in known), *added]

    @cached_property
    def urgency(self) -> _Said:
        """A danger to life comes first, whatever is likelier; and something is always said where there is a problem."""
        by_rules = self.urgency_by_rules
        return by_rules if self.emergencies else _agreed(self.weighing, "urgency", by_rules, _SURE) or by_rules

    @cached_property
    def urgency_by_rules(self) -> _Said:
        """Life first; then hunger, cold and helplessness today; what lasts a while or is small can wait."""
        if self.emergencies:
            return _Said("emergency", tuple(self.emergencies), _SURE)
        calm = list(phrases("outreach", "when", "calm").find(self.text))
        today = list(phrases("outreach", "when", "urgent").find(self.text))
        lasting = [span for key in ("lasting", "small") for span in phrases("outreach", "when", key).find(self.text)]
        if today and not calm:
            return _Said("urgent", tuple(today), _DOUBTFUL if lasting else _SURE)
        urgent = self._by_rules()
        if urgent and not calm and not lasting:
            return _Said("urgent", tuple(urgent), _LIKELY)
        return _Said("normal", tuple(calm or self.trouble or self.state), _DOUBTFUL if urgent or today else _LIKELY)

    def _by_rules(self) -> list[Span]:
        """What the rules for requests call urgent, where it fits what is missing: 断了三天 of water isn't medicine."""
        missing = {span.says for span in self.needs}
        return [span for span in find_urgent(self.text) if missing & _MAKES_URGENT.get(span.says, missing)]


def _needs(witness: Witness, needs: list[Span]) -> Fact[tuple[str, ...]]:
    if not needs:
        return NONE_SAID
    return witness.fact(tuple(dict.fromkeys(span.says for span in needs)), needs, _SURE, says=True)

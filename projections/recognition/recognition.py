"""Write what a batch changes in decisions, assessments and agreements."""

from typing import Any, ClassVar

from psycopg import Connection

from projections.core.contents import to_column
from projections.core.copy import copy, line
from projections.recognition.decision_counts import DecisionCounts
from registry.rules.stream import MemberState
from registry.wire.events import Event, data_of
from registry.wire.recognition import (
    AchievementFilter,
    AgreementDeclared,
    AgreementWithdrawn,
    AssessmentWithdrawn,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
)


class RecognitionRows:
    """A batch's changes of decisions, assessments and agreements."""

    TYPES: ClassVar = frozenset(
        {
            "recognition.decided.v1",
            "recognition.withdrawn.v1",
            "recognition.assessed.v1",
            "recognition.assessment.withdrawn.v1",
            "agreement.declared.v1",
            "agreement.withdrawn.v1",
        }
    )

    def __init__(self, member: str) -> None:
        self._member = member
        self._decisions: dict[str, tuple[RecognitionDecided, int, str]] = {}
        self._superseded_by: dict[str, str] = {}
        self._closed: dict[str, dict[str, int]] = {"decisions": {}, "assessments": {}, "agreements": {}}
        self._bases: list[str] = []
        self._counts = DecisionCounts(member)
        self._assessments: dict[str, tuple[RecognitionAssessed, int, str]] = {}
        self._agreements: dict[str, tuple[AgreementDeclared, int, str]] = {}
        self._targets: list[str] = []
        self._changed: dict[str, set[str]] = {"decisions": set(), "assessments": set(), "agreements": set()}

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:
        """Add an effective event of a recognition office; `raw` is its line."""
        data = event.data
        if isinstance(data, RecognitionDecided):
            self._decide(data, leaf, raw)
        elif isinstance(data, RecognitionWithdrawn):
            self._changed["decisions"].add(data.decision)
            self._closed["decisions"][data.decision] = leaf
        elif isinstance(data, RecognitionAssessed):
            self._assessments[data.assessment] = data, leaf, to_column(data_of(raw))
        elif isinstance(data, AssessmentWithdrawn):
            self._changed["assessments"].add(data.assessment)
            self._closed["assessments"][data.assessment] = leaf
        elif isinstance(data, AgreementDeclared):
            self._declare(data, leaf, raw)
        elif isinstance(data, AgreementWithdrawn):
            self._changed["agreements"].add(data.agreement)
            self._closed["agreements"][data.agreement] = leaf

    def _decide(self, data: RecognitionDecided, leaf: int, raw: bytes) -> None:
        self._decisions[data.decision] = data, leaf, to_column(data_of(raw))
        self._counts.add(data)
        if data.supersedes is not None:
            self._superseded_by[data.supersedes] = data.decision
            self._closed["decisions"][data.supersedes] = leaf
            self._changed["decisions"].add(data.supersedes)
        for number, basis in enumerate(data.basis):
            ref, credential = basis.achievement, basis.credential
            named = (ref.member, ref.achievement, ref.version) if ref is not None else (None, None, None)
            self._bases.append(
                line((self._member, data.decision, number, *named, credential and credential.credential))
            )

    def _declare(self, data: AgreementDeclared, leaf: int, raw: bytes) -> None:
        self._agreements[data.agreement] = data, leaf, to_column(data_of(raw))
        if not isinstance(data.achievements, AchievementFilter):
            for number, ref in enumerate(data.achievements):
                self._targets.append(line((self._member, data.agreement, number, ref.achievement, ref.version)))

    def write(self, connection: Connection, states: MemberState) -> None:
        """Write the changes; `states` are the states after the batch."""
        copy(
            connection,
            "decisions",
            "member, decision, leaf, state, purpose, effect, decision_date, superseded_by, closed, content",
            [
                line(
                    (
                        self._member,
                        decision,
                        leaf,
                        states.decisions[decision],
                        data.purpose,
                        data.effect,
                        data.decision_date,
                        self._superseded_by.get(decision),
                        self._closed["decisions"].get(decision),
                        content,
                    )
                )
                for decision, (data, leaf, content) in self._decisions.items()
            ],
        )
        copy(
            connection,
            "decision_bases",
            "member, decision, basis, of_member, achievement, version, credential",
            self._bases,
        )
        copy(
            connection,
            "assessments",
            "member, assessment, leaf, state, of_member, achievement, version, outcome, content, closed",
            [
                line(
                    (
                        self._member,
                        assessment,
                        leaf,
                        states.assessments[assessment],
                        data.achievement.member,
                        data.achievement.achievement,
                        data.achievement.version,
                        data.outcome,
                        content,
                        self._closed["assessments"].get(assessment),
                    )
                )
                for assessment, (data, leaf, content) in self._assessments.items()
            ],
        )
        self._counts.write(connection)
        self._write_agreements(connection, states)
        self._write_changes(connection, states)

    def _write_agreements(self, connection: Connection, states: MemberState) -> None:
        lines = []
        for agreement, (data, leaf, content) in self._agreements.items():
            covered = data.achievements
            levels = covered.eqf_levels if isinstance(covered, AchievementFilter) else None
            fields = covered.fields_of_education if isinstance(covered, AchievementFilter) else None
            lines.append(
                line(
                    (
                        self._member,
                        agreement,
                        leaf,
                        data.with_,
                        data.include_revisions,
                        levels,
                        fields,
                        data.valid_from,
                        data.valid_until,
                        states.agreements[agreement] or None,
                        content,
                        self._closed["agreements"].get(agreement),
                    )
                )
            )
        copy(
            connection,
            "agreements",
            "member, agreement, leaf, with_member, include_revisions, eqf_levels, fields, valid_from, valid_until,"
            " withdrawn_from, content, closed",
            lines,
        )
        copy(connection, "agreement_targets", "member, agreement, target, achievement, version", self._targets)

    def _write_changes(self, connection: Connection, states: MemberState) -> None:
        """Update rows of earlier batches; this batch's rows were written in their last state."""
        if decisions := sorted(self._changed["decisions"] - set(self._decisions)):
            connection.execute(
                "UPDATE decisions AS d SET state = n.state, superseded_by = n.superseded_by, closed = n.closed"
                " FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::bigint[])"
                " AS n (decision, state, superseded_by, closed)"
                " WHERE d.member = %s AND d.decision = n.decision",
                (
                    decisions,
                    [states.decisions[decision] for decision in decisions],
                    [self._superseded_by.get(decision) for decision in decisions],
                    [self._closed["decisions"][decision] for decision in decisions],
                    self._member,
                ),
            )
        if assessments := sorted(self._changed["assessments"] - set(self._assessments)):
            connection.execute(
                "UPDATE assessments AS a SET state = 'withdrawn', closed = n.closed"
                " FROM unnest(%s::uuid[], %s::bigint[]) AS n (assessment, closed)"
                " WHERE a.member = %s AND a.assessment = n.assessment",
                (assessments, [self._closed["assessments"][assessment] for assessment in assessments], self._member),
            )
        if agreements := sorted(self._changed["agreements"] - set(self._agreements)):
            connection.execute(
                "UPDATE agreements AS a SET withdrawn_from = n.day, closed = n.closed"
                " FROM unnest(%s::uuid[], %s::date[], %s::bigint[]) AS n (agreement, day, closed)"
                " WHERE a.member = %s AND a.agreement = n.agreement",
                (
                    agreements,
                    [states.agreements[agreement] for agreement in agreements],
                    [self._closed["agreements"][agreement] for agreement in agreements],
                    self._member,
                ),
            )

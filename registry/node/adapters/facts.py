"""The views as a recognition office asks them: the plug of `registry.office.assessments.facts`. Composition only."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from psycopg import Connection

from projections.records import offered as view
from projections.records.offered import OfferedView
from registry.node.standings import Standings
from registry.office.assessments.offered import Accredited, Offered
from registry.wire.forms import VersionedRef


class ViewFacts:
    """Facts from the views, and standings from governance."""

    def __init__(self, views: Callable[[], AbstractContextManager[Connection]], standings: Standings) -> None:
        self._views = views
        self._standings = standings

    def of_credential(self, member: str, credential: str) -> Offered | None:
        """A credential's facts."""
        with self._views() as connection:
            found = view.of_credential(connection, member, credential)
        return None if found is None else self._offered(found)

    def of_achievement(self, achievement: VersionedRef) -> Offered | None:
        """A version's facts, as awarded today."""
        today = datetime.now(UTC).date()
        with self._views() as connection:
            found = view.of_version(connection, achievement.member, achievement.achievement, achievement.version, today)
        return None if found is None else self._offered(found)

    def is_member(self, name: str) -> bool:
        """Whether governance ever named it."""
        return self._standings.of(name, 0)[1] != "unknown"

    def _offered(self, found: OfferedView) -> Offered:
        content, credential = found.content, found.credential
        then, now = self._standings.of(found.member, found.leaf)
        return Offered(
            issuer=found.member,
            member=True,
            title=content.title,
            achievement=VersionedRef(found.member, content.achievement, content.version),
            awarding_bodies=content.awarding_bodies,
            country=found.country,
            kind=content.kind,
            credit_bearing=content.credit_bearing,
            ects=content.ects,
            workload_hours=content.workload_hours,
            eqf_level=content.eqf_level,
            nqf_level=content.nqf_level,
            level_basis=content.level_basis,
            fields_of_education=content.fields_of_education,
            learning_outcomes=content.learning_outcomes,
            assessments=list(content.assessments),
            participation=list(content.participation),
            supervision=content.supervision,
            identity_verified=content.identity_verified,
            language=list(content.language),
            quality_assurance=content.quality_assurance,
            issuer_when_issued=then,
            issuer_now=now,
            accredited=found.accredited,
            accreditations=[
                Accredited(
                    each.accreditation.agency,
                    each.accreditation.type,
                    each.accreditation.decision,
                    each.accreditation.status,
                    each.covers,
                    each.accreditation.valid_from,
                    each.accreditation.valid_until,
                    each.accreditation.deqar_report,
                )
                for each in found.accreditations
            ],
            awarding_date=credential.awarding_date.isoformat() if credential else None,
            valid_until=credential.valid_until.isoformat() if credential and credential.valid_until else None,
            status=credential.status if credential else None,
            flags=credential.flags if credential else [],
            evidence="onLog",
            authentic=True if credential else None,
        )

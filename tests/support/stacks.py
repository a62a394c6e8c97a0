"""Three members whose learners stack, for tests of progress, of issuing what others stack into, and of its worklist."""

from consumers.projecting.projector import Projector
from registry.wire.achievements import Composition
from registry.wire.credentials import Part
from registry.wire.forms import CredentialRef, Ref, VersionedRef
from registry.wire.recognition import AgreementDeclared, Basis, Grant, Ground, RecognitionDecided, Towards
from tests.support.streams import CONSORTIUM, Consortium, new_id


class Members:
    """Twente, Lund and Aveiro on a log in memory; what they say is projected by `see`."""

    def __init__(self, connection):
        self.connection = connection
        self.consortium = Consortium("twente", "lund", "aveiro")
        self.twente, self.lund, self.aveiro = self.consortium.universities.values()
        self.learner = new_id()

    def see(self):
        """Project all that was said, from the beginning."""
        for row in self.connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'views'").fetchall():
            self.connection.execute(f"TRUNCATE {row[0]}")
        Projector(self.connection, self.consortium.log(), CONSORTIUM, self.consortium.founded).step()

    def offer(self, university, ects=5, **content):
        achievement, line = university.publish(ects=ects, **content)
        university.seal(line)
        return achievement

    def award(self, university, achievement, ects=5, learner=None, **more):
        credential, line = university.issue(achievement, learner or self.learner, ects=ects, **more)
        university.seal(line)
        return credential

    def compose(self, university, ects=30, **composition):
        """A programme that asks for this of its parts."""
        values = {"required": [], "choices": [], "min_ects": 0, "sharing": "allowed"} | composition
        return self.offer(university, ects, kind="programme", composition=Composition(**values))

    def decide(self, office, of, credential, achievement, *grants, version=1, **more):
        """A decision that names the credential openly."""
        decision = new_id()
        data = RecognitionDecided(
            decision,
            more.pop("purpose", "stacking"),
            more.pop("effect", "binding"),
            [
                Basis(
                    "onLog",
                    achievement=VersionedRef(of.member, achievement, version),
                    credential=CredentialRef(of.member, credential),
                )
            ],
            list(grants) or [grant()],
            "2026-05-04",
            **more,
        )
        office.seal(office.line("recognition.decided.v1", decision, data))
        return decision

    def agree(self, one, other, achievements, **more):
        agreement = new_id()
        values = {
            "include_revisions": True, "purpose": "stacking", "outcome": "full", "ects_ratio": 1,
            "valid_from": "2026-01-01", **more,
        }  # fmt: skip
        refs = [VersionedRef(other.member, achievement, 1) for achievement in achievements]
        data = AgreementDeclared(agreement, other.member, refs, **values)
        one.seal(one.line("agreement.declared.v1", agreement, data))
        return agreement


def grant(outcome="full", ects=None, towards=None, **more):
    grounds = None if outcome == "full" else [Ground("workload", "substantiallyLess")]
    if isinstance(towards, str):
        towards = Towards(title={"en": towards})
    elif towards is not None:
        towards = Towards(*towards)
    return Grant([0], outcome, "recognised", "none", towards=towards, ects=ects, grounds=grounds, **more)


def ref(university, achievement, **more):
    return Ref(university.member, achievement, **more)


def part(university, credential, ects=5, by=None):
    return Part(university.member, credential, ects, by)

"""What hangs on a credential, on a real PostgreSQL."""

from consumers.projecting.projector import Projector
from projections.core import views
from projections.credentials.dependents import read_dependents
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.recognition import Basis, RecognitionDecided
from tests.support.offices import grant
from tests.support.streams import CONSORTIUM, Consortium, new_id


def test_a_decision_about_several_credentials_says_of_each_its_own_outcome(postgres):
    consortium = Consortium("aveiro", "twente")
    aveiro, twente = consortium.universities["aveiro"], consortium.universities["twente"]
    achievement, published = aveiro.publish()
    aveiro.seal(published)
    credentials = []
    for _ in range(3):
        credential, issued = aveiro.issue(achievement, new_id())
        aveiro.seal(issued)
        credentials.append(credential)
    bases = [
        Basis(
            "onLog",
            achievement=VersionedRef("aveiro", achievement, 1),
            credential=CredentialRef("aveiro", credential),
        )
        for credential in credentials
    ]
    grants = [grant("partial", of=[0]), grant("partial", of=[1], towards="Logic"), grant(of=[1, 2])]
    data = RecognitionDecided(new_id(), "creditTransfer", "binding", bases, grants, "2026-03-10")
    twente.seal(twente.line("recognition.decided.v1", data.decision, data))
    with views.connect(postgres.dsn("dependents")) as connection:
        views.create(connection)
        Projector(connection, consortium.log(), CONSORTIUM, consortium.founded).step()
        found = read_dependents(connection, "aveiro", credentials)
    outcomes = [[each.outcomes for each in found[credential].decisions] for credential in credentials]
    assert outcomes == [[["partial"]], [["partial", "full"]], [["full"]]]
    assert [found[credential].decision_count for credential in credentials] == [1, 1, 1]

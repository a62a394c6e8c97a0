"""What a university says of achievements in general, on a real PostgreSQL."""

from datetime import date

import pytest

from projections.core import views
from projections.recognition.statements import Assessed, Statement, read_assessments, read_statements
from registry.wire.forms import VersionedRef
from registry.wire.recognition import Ground, RecognitionAssessed
from tests.support.stacks import Members
from tests.support.streams import new_id

DAY = date(2026, 8, 31)


@pytest.fixture
def members(dsn):
    with views.connect(dsn) as connection:
        views.create(connection)
        yield Members(connection)


def assess(members, achievement, outcome="partial", **more):
    identifier = new_id()
    data = RecognitionAssessed(
        identifier,
        VersionedRef("twente", achievement, 1),
        "creditTransfer",
        outcome,
        "recognised",
        "binding",
        ects=3,
        grounds=[Ground("workload", "substantiallyLess")],
        **more,
    )
    members.lund.seal(members.lund.line("recognition.assessed.v1", identifier, data))


def test_an_agreement_decides_then_the_newest_assessment_and_silence_is_no_refusal(members):
    agreed, assessed, silent, expired = (members.offer(members.twente) for _ in range(4))
    members.agree(members.lund, members.twente, [agreed], purpose="creditTransfer")
    assess(members, agreed)
    assess(members, assessed)
    assess(members, expired, valid_until="2026-08-30")
    members.see()
    keys = [("twente", achievement) for achievement in (agreed, assessed, silent, expired)]
    assert read_statements(members.connection, "lund", keys, DAY) == {
        ("twente", agreed): Statement("full", "agreement", None),
        ("twente", assessed): Statement("partial", "assessment", None),
    }
    assert read_statements(members.connection, "aveiro", keys, DAY) == {}
    assert read_assessments(members.connection, "twente", assessed, DAY, 10) == [Assessed("lund", "partial", None)]
    assert read_assessments(members.connection, "twente", expired, DAY, 10) == []

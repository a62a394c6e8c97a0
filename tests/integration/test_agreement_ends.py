"""The ends of a university's agreements, as soon as they are stored."""

import pytest

from registry.application.recognition import Recognition
from registry.wire.forms import VersionedRef
from registry.wire.recognition import AgreementDeclared
from tests.support.lund import Lund
from tests.support.streams import new_id


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    yield made
    made.close()


def test_all_ends_are_read_by_one_query(lund, monkeypatch):
    ids = [new_id() for _ in range(3)]
    for identifier in ids:
        data = AgreementDeclared(
            agreement=identifier, with_="twente", achievements=[VersionedRef("twente", lund.achievement, 1)],
            include_revisions=False, purpose="creditTransfer", outcome="full", ects_ratio=1, valid_from="2026-01-01",
        )  # fmt: skip
        lund.registry.recognition.declare_agreement(data)
    for identifier, day in zip(ids[:2], ("2026-09-01", "2027-01-01"), strict=True):
        lund.registry.recognition.withdraw_agreement(identifier, day)
    monkeypatch.setattr(Recognition, "agreement", None)  # no agreement is loaded for it
    ends = lund.registry.recognition.read_ends([*ids, new_id()])
    assert ends == {ids[0]: "2026-09-01", ids[1]: "2027-01-01"}
    assert lund.registry.recognition.read_ends([ids[2]]) == {}
    assert lund.registry.recognition.read_ends([]) == {}

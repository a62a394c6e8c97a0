"""What the views know of a credential that is offered for recognition."""

from datetime import date

import msgspec
import pytest

from consumers.projecting.projector import Projector
from projections.core import views
from projections.records.offered import covers, of_credential, of_version
from registry.wire.governance import Accreditation, MemberAdmitted
from tests.support.streams import CONSORTIUM, Consortium, new_id

DAY = date(2026, 3, 1)


def accreditation(**more):
    values = {
        "type": "institutional", "agency": "NVAO", "decision": "positive", "status": "obligatory", "eqf_levels": [6, 7],
        "fields_of_education": ["06"], "valid_from": "2024-01-01", "valid_until": "2026-12-31",
    }  # fmt: skip
    return Accreditation(**(values | more))


@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({}, True),
        ({"valid_until": "2026-02-28"}, False),
        ({"valid_until": "2026-03-01"}, True),
        ({"valid_until": None}, True),
        ({"valid_from": "2026-03-02"}, False),
        ({"eqf_levels": [7]}, False),
        ({"eqf_levels": []}, True),
        ({"fields_of_education": ["0611"]}, False),
        ({"fields_of_education": ["02", "061"]}, True),
        ({"fields_of_education": []}, True),
        ({"decision": "Negative"}, False),
        ({"decision": "positive with conditions"}, True),
    ],
)
def test_an_accreditation_covers_a_day_a_level_and_a_field(changes, covered):
    assert covers(accreditation(**changes), 6, ["061"], DAY) is covered


def test_a_credentials_facts_are_those_of_its_version_its_issuer_and_its_day(dsn):
    consortium = Consortium("aveiro")
    aveiro = consortium.universities["aveiro"]
    admitted = MemberAdmitted(
        "lund", legal_name="Lund", country="SE", identifiers=[], roles=["issuer"],
        keys=[str(signer.vkey) for signer in consortium.universities.setdefault("lund", type(aveiro)("lund")).signers],
        accreditations=[accreditation(valid_until="2026-03-01"), accreditation(agency="UKÄ", eqf_levels=[8])],
    )  # fmt: skip
    consortium.seal(consortium.line("member.admitted.v1", "lund", admitted))
    lund = consortium.universities["lund"]
    achievement, first = lund.publish()
    _, second = lund.publish(achievement, version=2, ects=6)
    on_the_day, third = lund.issue(achievement, new_id(), awarding_date="2026-03-01")
    after_it, fourth = lund.issue(achievement, new_id(), awarding_date="2026-03-02", version=2, ects=6)
    lund.seal(first, second, third, fourth, lund.revoke(after_it))
    of_nobody, line = aveiro.publish()
    aveiro.seal(line)
    with views.connect(dsn) as connection:
        views.create(connection)
        Projector(connection, consortium.log(), CONSORTIUM, consortium.founded).step()
        found = of_credential(connection, "lund", on_the_day)
        assert (found.country, found.content.version, found.content.ects, found.leaf) == ("SE", 1, 5, 2)
        assert found.accredited
        assert [(one.accreditation.agency, one.covers) for one in found.accreditations] == [
            ("NVAO", True),
            ("UKÄ", False),
        ]
        later = of_credential(connection, "lund", after_it)
        assert (later.accredited, later.content.ects, later.credential.status) == (False, 6, "revoked")
        version = of_version(connection, "lund", achievement, 2, DAY)
        assert (version.credential, version.leaf, version.accredited) == (None, 1, True)
        assert of_version(connection, "aveiro", of_nobody, 1, DAY).accredited is None
        assert of_version(connection, "aveiro", of_nobody, 2, DAY) is None
        assert of_credential(connection, "lund", new_id()) is None
        assert msgspec.json.encode(found)

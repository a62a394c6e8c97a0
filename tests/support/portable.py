"""A complete credential and a portfolio, from which tests make documents in every format. The person is invented."""

from datetime import date

import msgspec

from registry.export.facts import LogPlace, Organisation, PortableCredential, PortablePart, Portfolio
from registry.values.example_achievement import EXAMPLE_ACHIEVEMENT
from registry.wire.achievements import AchievementContent
from registry.wire.credentials import Part
from registry.wire.disclosures import disclosure, salts
from registry.wire.governance import MemberRevised

CREDENTIAL = "7d1c9a52-3b8e-4f60-9a41-5c2de8f07b13"
LEARNER = "0e6f2b94-51a7-4d3c-8f19-6b7a20c4d581"
ACHIEVEMENT = "c2a5b1d0-94e3-4b7f-8a26-1f0d3e5c7b98"
PERSON = {"familyName": "Żółkiewska-Núñez", "givenName": "Zoë", "dateOfBirth": "2001-02-03"}


def organisation(member="twente", legal_name="University of Twente", **changes):
    """A member with identifiers and an accreditation."""
    content = {
        "member": member,
        "legalName": legal_name,
        "country": "NL",
        "locality": "Enschede",
        "homepage": f"https://www.{member}.example",
        "identifiers": [
            {"scheme": "ror", "value": "https://ror.org/006hf6230"},
            {"scheme": "erasmus", "value": "NL ENSCHED01"},
            {"scheme": "schac", "value": f"{member}.example"},
        ],
        "accreditations": [
            {
                "type": "institutional",
                "agency": "NVAO",
                "decision": "positive",
                "status": "valid",
                "eqfLevels": [6, 7],
                "fieldsOfEducation": ["06", "07"],
                "validFrom": "2020-01-01",
                "validUntil": "2032-12-31",
            }
        ],
    }
    return Organisation(
        member=member,
        origin=f"eciu.example/{member}",
        content=msgspec.convert(content | changes, MemberRevised),
        url=f"https://registry.{member}.example",
    )


def achievement_content(**changes):
    """A version of an achievement with everything that one can have but a composition."""
    content = EXAMPLE_ACHIEVEMENT | {
        "achievement": ACHIEVEMENT,
        "version": 2,
        "title": {"en": "Data literacy", "nl": "Datageletterdheid"},
        "description": {"en": "Reading, questioning and explaining data & figures."},
        "furtherInformation": {"en": "Taught in the spring term."},
        "learningOutcomes": [
            {
                "title": {"en": "Reads, questions and explains data", "nl": "Leest, bevraagt en verklaart data"},
                "escoSkills": ["http://data.europa.eu/esco/skill/1c7a2f2a-0c14-4a5a-9c8b-1a9a9c2f3f5e"],
            },
            {"title": {"en": "Chooses a chart that does not mislead"}},
        ],
        "hoursPerEcts": 28,
        "nqfLevel": "NLQF 6",
        "qfEheaCycle": "first",
        "gradingScheme": {"title": {"en": "1 to 10"}, "min": 1, "max": 10, "pass": 5.5},
        "entitlesTo": [{"type": "learningOpportunity", "status": "prospective", "text": {"en": "Minor in data"}}],
        "prerequisites": {"en": "School mathematics"},
        "partners": [{"name": "Saxion", "role": "provider"}],
        "awardingBodies": ["twente", "dcu"],
    }
    return msgspec.convert(content | changes, AchievementContent)


def credential(**changes):
    """A credential with every fact that one can have but parts."""
    claims = PERSON | {"studentNumber": "s2600003", "grade": "8.5", "originalGrade": "8,5", "note": "With distinction"}
    salt = salts(len(claims))
    values = {
        "credential": CREDENTIAL,
        "learner": LEARNER,
        "issuer": organisation(),
        "awarding_bodies": [organisation(), organisation("dcu", "Dublin City University", country="IE")],
        "achievement": achievement_content(),
        "awarding_date": date(2026, 6, 5),
        "ects": 5.0,
        "valid_until": date(2031, 6, 5),
        "claims": claims,
        "disclosures": [
            disclosure(salt[24 * index : 24 * index + 24], name, value)
            for index, (name, value) in enumerate(claims.items())
        ],
        "place": LogPlace(leaf=41, size=64, root="CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", receipt="a receipt\n"),
    }
    return PortableCredential(**(values | changes))


def stack():
    """A larger credential with two parts, one of them not known to its issuer's node."""
    part = Part("dcu", "4b1e6c2d-8f35-4a79-b0d4-92c7e1a6f358", 3)
    unknown = Part("lund", "a90f3d17-6c28-4e5b-9d82-0b4f7c1e6a25", 2)
    known = PortablePart(
        part=part,
        issuer=organisation("dcu", "Dublin City University", country="IE"),
        achievement=achievement_content(
            achievement="5e8d4c3b-2a19-4f07-b6e5-d4c3b2a19f08", ects=3, awardingBodies=["dcu"]
        ),
    )
    return credential(
        credential="e3b0c442-98fc-4c14-9afb-f4c8996fb924",
        achievement=achievement_content(achievement="b7a6958d-4c3f-4e21-90d8-c7b6a5948372", kind="programme"),
        parts=[known, PortablePart(part=unknown)],
    )


def portfolio():
    """A learner's portfolio of a stack and a credential without grade."""
    single = credential(claims=PERSON, disclosures=[])
    return Portfolio(
        learner=LEARNER,
        person=PERSON | {"studentNumber": "s2600003"},
        issuer=organisation(),
        credentials=[stack(), single],
    )

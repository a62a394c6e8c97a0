"""Credentials that are hard to lay out, and a portfolio with a decision, for certificates and transcripts."""

from datetime import date

import msgspec

from registry.export.document import Copy
from registry.export.facts import PortableRecognition
from registry.wire.recognition import Grant, Towards
from tests.support import portable

DAY = date(2026, 11, 30)
COPY = Copy(identifier="urn:uuid:5f0c7f6e-6a52-4c3e-9a8e-0b6f2d1c4e57", issued=DAY)
LONG = (
    "Interdisciplinary perspectives on responsible stewardship of data and on the governance of artificial intelligence"
)


def layouts():
    """Credentials by what is hard about them."""
    return {
        "plain": portable.credential(),
        "stack": portable.stack(),
        "right to left": portable.credential(
            claims=portable.PERSON | {"givenName": "عمر", "familyName": "الخوارزمي"},
            achievement=portable.achievement_content(title={"ar": "محو أمية البيانات"}),
        ),
        "long": portable.credential(
            issuer=portable.organisation(legal_name="Technische Hochschule für " + "Donaudampfschifffahrt" * 3),
            claims=portable.PERSON | {"familyName": "Wolfeschlegelstein" * 6 + " von und zu Hohenlohe"},
            achievement=portable.achievement_content(
                title={"en": LONG}, description={"en": f"{LONG}. " * 4}, fieldsOfEducation=["0612", "03", "0541"]
            ),
        ),
        "many outcomes": portable.credential(
            awarding_bodies=[portable.organisation(f"m{number}", f"University {number}") for number in range(9)],
            achievement=portable.achievement_content(
                kind="degree", learningOutcomes=[{"title": {"en": f"{number}. {LONG}"}} for number in range(60)]
            ),
        ),
        "little": little(),
        "hostile": portable.credential(
            claims=portable.PERSON | {"givenName": "#panic() *Ada* $x$", "note": "\u202egpj.exe `<b>` \\ // @ref"},
            achievement=portable.achievement_content(title={"en": '#sys.inputs "quoted" [x] = y _z_'}),
        ),
    }


def little():
    """A credential with as few facts as one can have: no credits, no level, no grade, no page, no place on a log."""
    return portable.credential(
        issuer=msgspec.structs.replace(portable.organisation(), url=None),
        awarding_bodies=[],
        claims={"familyName": "Ó'Brien"},
        disclosures=[],
        ects=None,
        valid_until=None,
        place=None,
        achievement=portable.achievement_content(
            creditBearing=False,
            ects=None,
            eqfLevel=None,
            nqfLevel=None,
            levelBasis=None,
            qfEheaCycle=None,
            gradingScheme=None,
            description=None,
            prerequisites=None,
            partners=None,
            entitlesTo=None,
        ),
    )


def portfolio(**changes):
    """A portfolio with a decision by another member."""
    decision = PortableRecognition(
        decision="9b1e6c2d-8f35-4a79-b0d4-92c7e1a6f358",
        decider=portable.organisation("lund", "Lunds universitet", country="SE"),
        purpose="creditTransfer",
        basis=[],
        grants=[Grant([0], "partial", "recognised", "none", ects=2.5, towards=Towards(title={"sv": "Masterprogram"}))],
        decided=date(2026, 9, 1),
        titles=[{"en": "Data literacy"}],
    )
    return msgspec.structs.replace(portable.portfolio(), **({"recognitions": [decision]} | changes))

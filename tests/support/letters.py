"""Letters to try: an ordinary one, one with every code that there is, and texts that mean harm."""

from datetime import date
from typing import Any, get_args

import msgspec

from registry.letters import Addressee, LetterContent, Office, Qualification
from registry.letters.content import GrantChange, GrantFindings, LeftOutQualification, LetterRequirements
from registry.letters.notices import Document, NamedCredential, Notice
from registry.office.reasons.reasons import KINDS, reasons
from registry.wire.achievements import QualityAssurance, QualityAssuranceType
from registry.wire.governance import AppealBody
from registry.wire.recognition import (
    DIFFERENCES,
    Condition,
    Evidence,
    GradeTransfer,
    Grant,
    Ground,
    Mode,
    Outcome,
)

DECISION = "432236b7-1b2c-4a5d-8e9f-0a1b2c3d4e5f"
URL = f"https://registry.lund.example/decisions/lund/{DECISION}"
HOSTILE = (
    "#panic(1) #sys.inputs *bold* _it_ `raw` $x^2$ \\u{41} @ref <label> // gone? /* or */ [a](b) {name} \"'«» </text>",
    "=\u00a0Heading",
    "- item",
    "דוד בן־גוריון",
    "محمد بن سلمان",
    "Ἀριστοτέλης Иван Հայ ქართული",
    "e\u0301 a\u030a \u202egnp.exe\u202c nul:\x00 bell:\x07 tab:\t line:\u2028 nbsp:\u00a0.",
    "W" * 700,
    "long " * 300,
)
"""Texts that would be markup, controls, other scripts or far too long, if they were let."""


def content(language: Any = "en", **more: Any) -> LetterContent:
    """A partial recognition, as it might be."""
    made = LetterContent(
        language=language,
        office=Office(
            "Lund University",
            "SE",
            "Lund",
            "https://www.lu.se",
            AppealBody("Appeals Board", "https://appeals.example/a"),
        ),
        applicant=Addressee("Ada Jansen", ["Hengelosestraat 1", "7514 AA Enschede"], date(2001, 2, 3)),
        decision=DECISION,
        decision_date=date(2026, 11, 26),
        purpose="creditTransfer",
        effect="binding",
        qualifications=[qualification()],
        grants=[
            Grant(
                [0],
                "partial",
                "recognised",
                "passOnly",
                ects=2.5,
                eqf_level=6,
                grounds=[Ground("workload", "substantiallyLess"), Ground("learningOutcomes", "keyOutcomeMissing")],
            )
        ],
        towards=[{"en": "Minor Data Science", "sv": "Biämne datavetenskap"}],
        reasons={code: reasons().text(code, language) for kind in KINDS.values() for code in kind},
        receipt="c2sp.org/tlog-proof@v1\n",
        file_number="2026/REC/00123",
        appeal_until=date(2027, 1, 7),
        verify_url=URL,
        judged=[GrantFindings()],
    )
    return msgspec.structs.replace(made, **more)


def notice(kind: Any, language: Any = "en") -> Notice:
    """A letter that decides nothing, as it might be."""
    return Notice(
        kind=kind,
        language=language,
        office=content().office,
        addressee=None if kind == "enquiry" else content().applicant,
        letter_date=date(2027, 3, 1),
        file_number="2026/REC/00123",
        on=date(2026, 10, 1),
        completed=date(2026, 10, 1),
        due=date(2027, 2, 1),
        decision=DECISION if kind in ("decisionWithdrawn", "appealReceived") else None,
        decided=date(2026, 11, 26),
        reason="decidedInError",
        documents=list(get_args(Document)),
        credentials=[NamedCredential({"und": "Statistics"}, "Oslo Met", "NO")],
        holder=content().applicant,
        applied_for=[{"en": "Minor Data Science"}],
        remarks=["Both pages.", HOSTILE[0]],
        verify_url=URL,
    )


def qualification(**more: Any) -> Qualification:
    made = Qualification(
        {"en": "Machine Learning for Water Management", "nl": "Machinaal leren voor waterbeheer"},
        "University of Twente",
        "NL",
        "onLog",
        awarded=date(2026, 6, 30),
        ects=5,
        workload_hours=140,
        eqf_level=6,
        fields_of_education=["0613"],
        learning_outcomes=[{"en": f"Choose a model for the problem {number}"} for number in range(8)],
        quality_assurance=[QualityAssurance("institutionalQA", "NVAO", valid_until="2030-12-31")],
    )
    return msgspec.structs.replace(made, **more)


def with_every_code(language: Any, **more: Any) -> LetterContent:
    """Every outcome, ground, condition, mode, transfer of grades and evidence in one letter."""
    grounds = [Ground(aspect, one) for aspect, all_of in DIFFERENCES.items() for one in sorted(all_of)]  # type: ignore[arg-type]
    codes = get_args(Condition.__annotations__["code"])
    conditions = [Condition(code, ects=7.5, by="2027-09-01") for code in codes]
    kinds = [QualityAssurance(kind, "NVAO") for kind in get_args(QualityAssuranceType)]
    modes, transfers = get_args(Mode), get_args(GradeTransfer)
    grants = [
        Grant(
            [number % 4],
            outcome,
            modes[number % 3],
            transfers[number],
            ects=3,
            eqf_level=7,
            grounds=grounds if outcome != "full" else None,
            conditions=conditions if outcome == "conditional" else None,
        )
        for number, outcome in enumerate(get_args(Outcome))
    ]
    values = {
        "qualifications": [qualification(evidence=one, quality_assurance=kinds) for one in get_args(Evidence)],
        "grants": grants,
        "towards": [{"und": "Bachelor"}] * len(grants),
        "disclosures": ["WyJz", "WyJy"],
        "supersedes": DECISION,
        "required": LetterRequirements("EQF 6", "5 ECTS"),
        "remarks": ["A word of our own."],
        "judged": [
            GrantFindings(
                {"level": "A word of our own.", "workload": ""},
                [("partial", "nothingComparable"), ("conditional", "noConditionSuffices")],
                conditions,
            )
        ]
        * len(grants),
        "applied_for": [{"und": "Master of Urban Analytics"}],
        "left": [LeftOutQualification({"und": "Statistics"}, "Oslo Met", "It was sent for information only.")],
        "changes": [GrantChange(0, "outcome", [{"und": "Recognised in part"}], [])],
    }
    return content(language, **(values | more))


def hostile(language: Any = "en") -> LetterContent:
    """Harm in every place where somebody may write."""
    text = "\n".join(HOSTILE)
    return with_every_code(
        language,
        office=Office(HOSTILE[0], "SE", HOSTILE[7], HOSTILE[7], AppealBody(HOSTILE[0], "javascript:alert(1)")),
        applicant=Addressee(text[:2000], list(HOSTILE[:8]), reference=HOSTILE[0]),
        qualifications=[qualification(title={"ar": one, "x-y": one}, issuer=one[:2000]) for one in HOSTILE[:4]],
        towards=[{"he-Hebr-IL": one} for one in HOSTILE[3:8]],
        file_number=HOSTILE[0],
        remarks=list(HOSTILE),
        applied_for=[{"und": one} for one in HOSTILE],
        left=[LeftOutQualification({"und": one}, one, one) for one in HOSTILE],
        changes=[GrantChange(0, "towards", [{"und": one}], [{"und": one}]) for one in HOSTILE],
        judged=[GrantFindings({"level": HOSTILE[0]})],
        required=LetterRequirements(HOSTILE[0]),
    )

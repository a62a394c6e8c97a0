"""An example of each body that a request may have, by the name of its schema; the API's description shows them.

The ids are made up: put those of your own credentials, achievements, cases and learners in their place.
"""

from collections.abc import Mapping
from typing import Any, Final

from registry.values.example_achievement import EXAMPLE_ACHIEVEMENT

_ACHIEVEMENT: Final = "5b0c7c2a-6f3e-4b8e-9b0e-2f6d1c9e4a11"
_CREDENTIAL: Final = "c0a8e7f4-3b1d-4f0a-8a63-7d5e2b9f1c22"
_LEARNER: Final = "1f4e2d3c-5b6a-4978-8c9d-0e1f2a3b4c5d"
_OTHER: Final = "9e8d7c6b-5a49-4837-a625-1403f2e1d0c9"
_REF: Final = {"member": "lund", "achievement": _ACHIEVEMENT, "version": 1}
_DAY: Final = "2026-07-01"
_DISCLOSURE: Final = "WyJWYlFVX3NMRXhfVXA0dkFrbmpCaiIsImZhbWlseU5hbWUiLCJKYW5zZW4iXQ"

ROWS: Final = {
    "text/csv": "record,student,family_name,given_name,date_of_birth,awarding_date,course,ects\n"
    "UT-2026-000123,s1234567,Jansen,Ada,2001-02-03,2026-06-30,DATA-LIT-1,5\n",
}
"""Rows of a batch of credentials. (Generators of requests cannot write the other media types.)"""
EXAMPLES: Final[Mapping[str, Any]] = {
    "CredentialRow": {
        "record": "UT-2026-000123",
        "student": "s1234567",
        "family_name": "Jansen",
        "given_name": "Ada",
        "date_of_birth": "2001-02-03",
        "awarding_date": "2026-06-30",
        "course": "DATA-LIT-1",
        "ects": 5,
        "grade": "8.5",
    },
    "Reason": {"reason": "issuedInError"},
    "Achievement": EXAMPLE_ACHIEVEMENT | {"title": {"en": "Data literacy", "nl": "Datageletterdheid"}},
    "JointVersion": _REF,
    "Entries": {
        "items": [{"code": "DATA-LIT-1", "achievement": _ACHIEVEMENT}, {"code": "OLD-CODE", "achievement": None}]
    },
    "Completing": {"achievement": {"workloadHours": 140, "supervision": "onsite"}},
    "CohortBody": {
        "items": [{"member": "lund", "credential": _CREDENTIAL, "record": "2026/17"}],
        "dryRun": True,
    },
    "Erasing": {"confirm": _LEARNER},
    "Restrict": {"kind": "restriction", "reason": "accuracyContested"},
    "Lift": {"reason": "accuracyVerified"},
    "HeldDecision": {"record": "2026-17", "version": "3f9a0c41d2b7", "decision": "same-person"},
    "AssessmentStatement": {
        "achievement": _REF,
        "purpose": "creditTransfer",
        "outcome": "full",
        "mode": "credited",
        "effect": "binding",
        "ects": 5,
    },
    "TakenBack": {"reason": "decidedInError"},
    "Agreement": {
        "with": "lund",
        "achievements": [_REF],
        "includeRevisions": True,
        "purpose": "creditTransfer",
        "outcome": "full",
        "ectsRatio": 1,
        "validFrom": "2026-09-01",
    },
    "Ending": {"withdrawnFrom": "2027-09-01"},
    "AgreementDraft": {
        "with": "lund",
        "achievements": {"eqfLevels": [6], "fieldsOfEducation": ["0612"]},
        "purpose": "creditTransfer",
        "begin": "2025-09-01",
        "end": "2026-08-31",
    },
    "Application": {
        "applicant": {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03", "language": "en"},
        "subjects": [{"credential": {"member": "lund", "credential": _CREDENTIAL}}],
        "purpose": "creditTransfer",
    },
    "NameSearch": {"name": "jansen a"},
    "Assignment": {"assignee": "k.berg"},
    "HandedIn": {"disclosures": [[_DISCLOSURE]]},
    "Acknowledgement": {},
    "CarriedDisclosures": {"member": "lund", "credential": _CREDENTIAL, "disclosures": [_DISCLOSURE]},
    "Dated": {"on": _DAY},
    "Noted": {"on": _DAY, "note": "Please look at the workload once more."},
    "DocumentsAsked": {"documents": ["transcript", "courseDescription"], "on": _DAY},
    "DocumentsCame": {"documents": ["transcript"], "on": _DAY},
    "EnquiryAsked": {"subject": 0, "on": _DAY},
    "AnswerGiven": {"enquiry": _OTHER, "answer": "authentic", "on": _DAY},
    "AssessmentGiven": {
        "assessment": {"purpose": "creditTransfer", "effect": "binding", "assessed": [], "proposed": []},
        "on": _DAY,
    },
    "Proposal": {
        "grants": [{"from": [0], "outcome": "full", "mode": "credited", "gradeTransfer": "passOnly", "ects": 5}],
        "on": _DAY,
    },
    "CorrectionGiven": {"correction": {"applicant": {"address": "Kerkstraat 1"}, "note": "Moved house."}, "on": _DAY},
    "ProfileEntry": {"name": "Master of Urban Analytics", "requirement": {"accessTo": 7, "ects": 180}},
    "Approval": {"proposalId": "5d41402a", "acceptOverride": False, "on": _DAY},
    "Withdrawal": {"on": _DAY},
    "CopyRequest": {
        "format": "sd-jwt-vc",
        "holder": {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
    },
    "LetterAsked": {
        "decision": _OTHER,
        "language": "en",
        "applicant": {"familyName": "Jansen", "givenName": "Ada", "address": "Kerkstraat 1\n7511 AB Enschede"},
        "fileNumber": "2026/17",
    },
}

"""Achievements to fill in: what `registry import template achievement` prints, one for each kind of learning."""

from typing import Any, Final

import msgspec

from registry.application.achievement_content import COMMENT, PLACEHOLDER
from registry.values.example_achievement import EXAMPLE_ACHIEVEMENT

_FILL_IN: Final[dict[str, Any]] = EXAMPLE_ACHIEVEMENT | {
    "title": {"en": PLACEHOLDER + "the title in English; further languages may stand beside it"},
    "learningOutcomes": [{"title": {"en": PLACEHOLDER + "what the learner can do afterwards; one entry for each"}}],
    "qualityAssurance": [{"type": "institutionalQA", "agency": PLACEHOLDER + "the agency, such as NVAO"}],
}
_COMMON: Final = {
    "how": f"Replace every text that begins with {PLACEHOLDER.strip()} and correct the rest. Then check the file:"
    " registry achievement publish FILE --dry-run. This field is not published; you may leave it.",
    "fieldsOfEducation": "codes of ISCED-F 2013 with 2 to 4 digits, as text: 0612, not 612",
    "language": "languages of instruction: two or three letters of ISO 639, such as en",
    "levelBasis": "referenced (to the national framework) or providerStated",
    "qualityAssurance": "type: institutionalLicence, programmeLicence, institutionalQA, programmeQA or internal",
    "filled in": "achievement (the id), version and awardingBodies (your university) unless you write them",
}
_NO_CREDITS: Final = ("ects", "eqfLevel", "levelBasis")
_PART: Final = {
    "member": PLACEHOLDER + "the short name of the university that offers the part",
    "achievement": PLACEHOLDER + "the id of an achievement, as `registry achievement list --wide` shows it",
}

TEMPLATES: Final[dict[str, dict[str, Any]]] = {
    "plain": EXAMPLE_ACHIEVEMENT,
    "stackable": {
        COMMENT: _COMMON
        | {
            "stackability": "stackable: the credential may be a part of a larger one; standalone: it may not",
            "ects": "its credits, which count once in a larger credential; hoursPerEcts may stand beside them",
        }
    }
    | _FILL_IN,
    "non-credit": {
        COMMENT: _COMMON
        | {
            "creditBearing": "false: there are no ects, and workloadHours is needed",
            "eqfLevel": "may stand here too; levelBasis is needed then",
        }
    }
    | {name: value for name, value in _FILL_IN.items() if name not in _NO_CREDITS}
    | {"creditBearing": False, "workloadHours": 20, "learningSetting": "nonFormal", "stackability": "standalone"},
    "composed": {
        COMMENT: _COMMON
        | {
            "composition.required": "achievements that every learner must have; minVersion may stand beside the id",
            "composition.choices": "for each: a number of these achievements (minCount) or of credits (minEcts),"
            " one of the two",
            "composition.minEcts": "credits that all parts must come to",
            "composition.sharing": "whether a part may count in another credential too: forbidden, allowed, or"
            ' {"maxEcts": 5}',
            "composition, optional": "minOwnEcts, maxCreditedEcts, maxAgeMonths, capstone, excludes, minEctsAtLevel,"
            " and open for electives: fieldsOfEducation, eqfLevels, maxEcts",
        }
    }
    | _FILL_IN
    | {
        "kind": "programme",
        "ects": 15,
        "workloadHours": 420,
        "stackability": "standalone",
        "composition": {
            "required": [_PART],
            "choices": [{"from": [_PART, _PART], "minCount": 1}],
            "minEcts": 15,
            "sharing": "forbidden",
        },
    },
}
"""By kind. All but `plain` have placeholders, which are refused, and a comment, which is not published."""


def template(kind: str) -> str:
    """Return the template of a kind as JSON. Raises `KeyError`."""
    return msgspec.json.format(msgspec.json.encode(TEMPLATES[kind])).decode() + "\n"

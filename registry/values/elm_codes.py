"""The European Learning Model's controlled lists, to read and to write: an item's id to our code (docs/events.md)."""

from collections.abc import Mapping
from typing import Final

import pycountry

SNB: Final = "http://data.europa.eu/snb/"
"""The address of the model's own lists: a list's name follows, then an item's id. `25831c2` is the list itself."""
AUTHORITY: Final = "http://publications.europa.eu/resource/authority/"
"""The address of the tables of the Publications Office."""
OWN: Final = "urn:micro-credential-registry:"
"""Begins the id of a concept that no list has: `…:assessment/testing`."""

NATIONAL_LEVELS: Final = f"{OWN}national-level"
"""The scheme of levels of national frameworks, which the log names in words."""

LEARNING_SETTING: Final = {"6fd4685715": "formal", "e207a81fc7": "nonFormal"}
PARTICIPATION: Final = {
    "9191af2ed9": "onsite",
    "920fbb3cbe": "online",
    "e92d221e4d": "blended",
    "c_3a90b26d": "hybrid",
    "729f3bed4b": "workBased",
    "7813801c77": "projectBased",
    "ed4c557045": "researchLab",
    "volunteering": "volunteering",
}
ASSESSMENT: Final = {
    "19a2e5e671": "peerAssessment",
    "2939dae15f": "markedAssignment",
    "3484bd7e51": "continuousEvaluation",
    "4f03b91c0e": "portfolio",
    "56539a6507": "groupPerformance",
    "6a4db9f11d": "practicalAssessment",
    "6e6cb2cc78": "writtenExamination",
    "7331eb4762": "attendance",
    "795dac4096": "projectWork",
    "812e3b0ae1": "peerReview",
    "b1b68f6735": "quiz",
    "c4256a2726": "problemBased",
    "d30284d7df": "oralExamination",
    "de4d165a6c": "artefact",
    "c_04b30a72": "presentation",
    "c_2b3bd410": "selfAssessment",
    "c_4f874951": "guidedSelfAssessment",
    "testing": "testing",
    "recognitionOfPriorLearning": "recognitionOfPriorLearning",
}
"""The last two are concepts of our own: the list has none like them."""
OWN_CONCEPTS: Final = frozenset({"volunteering", "testing", "recognitionOfPriorLearning"})
SUPERVISION: Final = {
    # code: (supervision, identity verified); the list does not say whether supervision was online or onsite.
    "c598449d64": ("none", False),
    "df2880c5cb": ("none", True),
    "70be69aaf9": ("unspecified", True),
}
ACCREDITATION: Final = {
    "003293d2ce": "institutionalLicence",
    "e57dddfcf3": "programmeLicence",
    "bb4618238e": "institutionalQA",
    "820101cba6": "programmeQA",
}
ENTITLEMENT: Final = {"52f62180c2": "occupation", "64aad92881": "learningOpportunity", "bebd32e8e6": "membership"}
ENTITLEMENT_STATUS: Final = {"5b8d6b34fb": "prospective", "b7015a8a8c": "actual"}
ECTS: Final = "6fcec5c5af"

LANGUAGES: Final = {
    "BUL": "bg", "CES": "cs", "DAN": "da", "DEU": "de", "ELL": "el", "ENG": "en", "EST": "et", "FIN": "fi",
    "FRA": "fr", "GLE": "ga", "HRV": "hr", "HUN": "hu", "ISL": "is", "ITA": "it", "LAV": "lv", "LIT": "lt",
    "MLT": "mt", "NLD": "nl", "NOR": "no", "POL": "pl", "POR": "pt", "RON": "ro", "SLK": "sk", "SLV": "sl",
    "SPA": "es", "SWE": "sv", "TUR": "tr", "UKR": "uk",
}  # fmt: skip
"""The Publications Office's three-letter codes, as BCP 47 has them."""

COUNTRIES: Final = {
    "AUT": "AT", "BEL": "BE", "BGR": "BG", "CHE": "CH", "CYP": "CY", "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES",
    "EST": "EE", "FIN": "FI", "FRA": "FR", "GBR": "GB", "GRC": "GR", "HRV": "HR", "HUN": "HU", "IRL": "IE", "ISL": "IS",
    "ITA": "IT", "LIE": "LI", "LTU": "LT", "LUX": "LU", "LVA": "LV", "MLT": "MT", "NLD": "NL", "NOR": "NO", "POL": "PL",
    "PRT": "PT", "ROU": "RO", "SVK": "SK", "SVN": "SI", "SWE": "SE", "TUR": "TR", "UKR": "UA",
}  # fmt: skip
"""The Publications Office's country codes, as ISO 3166-1 alpha-2 has them."""


def item_of(items: Mapping[str, object], code: object) -> str | None:
    """Return the item of a list that stands for a code of ours; None where the list has none."""
    return next((item for item, value in items.items() if value == code), None)


def language_item(tag: str) -> str | None:
    """Return the Publications Office's code for a BCP 47 language: ISO 639-3 in capitals; None for an unknown one."""
    base = tag.partition("-")[0].lower()
    item = item_of(LANGUAGES, base)
    if item is not None:
        return item
    language = pycountry.languages.get(alpha_2=base) if len(base) == 2 else pycountry.languages.get(alpha_3=base)
    return str(language.alpha_3).upper() if language is not None else None


def country_item(code: str) -> str | None:
    """Return the Publications Office's code for a country: ISO 3166-1 alpha-3; None for an unknown one."""
    item = item_of(COUNTRIES, code)
    if item is not None:
        return item
    country = pycountry.countries.get(alpha_2=code)
    return str(country.alpha_3) if country is not None else None

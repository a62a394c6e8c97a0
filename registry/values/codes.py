"""Checks codes against their published lists: field of education, language, country, level.

Each `*_fault` returns None, or a sentence with the fault and, if one code is likely meant, that code. What others
signed is read with any well-formed code, since lists change; what a university signs itself is checked here.

Sources: ISCED Fields of Education and Training 2013 (ISCED-F 2013), appendix I "Numerical code list", UNESCO Institute
for Statistics, 2014; ISO 639 as `pycountry` carries it, and the shape of tags in BCP 47 (RFC 5646); ISO 3166-1 in
`registry.values.countries`; Council Recommendation of 22 May 2017 on the European Qualifications Framework, annex II.
"""

import functools
import re
from typing import Final

import pycountry

from registry.values.countries import COUNTRIES

_DETAILED_FIELDS: Final = (
    "0000", "0011", "0021", "0031", "0099",
    "0110", "0111", "0112", "0113", "0114", "0119", "0188",
    "0200", "0210", "0211", "0212", "0213", "0214", "0215", "0219", "0220", "0221", "0222", "0223", "0229", "0230",
    "0231", "0232", "0239", "0288", "0299",
    "0300", "0310", "0311", "0312", "0313", "0314", "0319", "0320", "0321", "0322", "0329", "0388", "0399",
    "0400", "0410", "0411", "0412", "0413", "0414", "0415", "0416", "0417", "0419", "0421", "0488", "0499",
    "0500", "0510", "0511", "0512", "0519", "0520", "0521", "0522", "0529", "0530", "0531", "0532", "0533", "0539",
    "0540", "0541", "0542", "0588", "0599",
    "0610", "0611", "0612", "0613", "0619", "0688",
    "0700", "0710", "0711", "0712", "0713", "0714", "0715", "0716", "0719", "0720", "0721", "0722", "0723", "0724",
    "0729", "0730", "0731", "0732", "0788", "0799",
    "0800", "0810", "0811", "0812", "0819", "0821", "0831", "0841", "0888", "0899",
    "0900", "0910", "0911", "0912", "0913", "0914", "0915", "0916", "0917", "0919", "0920", "0921", "0922", "0923",
    "0929", "0988", "0999",
    "1000", "1010", "1011", "1012", "1013", "1014", "1015", "1019", "1020", "1021", "1022", "1029", "1030", "1031",
    "1032", "1039", "1041", "1088", "1099",
)  # fmt: skip

FIELDS: Final = frozenset(code[:digits] for code in _DETAILED_FIELDS for digits in (2, 3, 4))
"""The codes of ISCED-F 2013: broad fields (2 digits), narrow (3) and detailed (4), with the combined programmes
(`…88`), what is not further defined (`…0`) and what is not classified elsewhere (`…9`). Without 99, 999 and 9999,
"field unknown": statistics need it, and an achievement whose field is unknown states none."""

_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_COUNTRY_HABITS: Final = {"UK": "GB", "EL": "GR"}
"""Country codes of the European Union's institutions that differ from ISO 3166-1."""


def isced_fault(code: str) -> str | None:
    """Return the fault of a field's code, or None. A spreadsheet drops the leading zero: 533 is meant as 0533."""
    if code in FIELDS:
        return None
    if code in {"99", "999", "9999"}:
        return f"{code!r} says that the field is unknown; leave it out"
    padded = f"0{code}"
    cure = ", whose codes have 2 to 4 digits such as 06, 061 or 0613"
    if code.isdecimal() and padded in FIELDS:
        cure = f"; did you mean {padded}?"
    return f"{code!r} is not a field of ISCED-F 2013{cure}"


@functools.lru_cache(maxsize=4096)
def language_fault(tag: str) -> str | None:
    """Return the fault of a language's code or tag (`en`, `deu`, `de-AT`), or None.

    The first part must be a language of ISO 639 in two or three letters; the parts after it are checked for shape only.
    """
    if _TAG.fullmatch(tag) and _is_language(tag.partition("-")[0].lower()):
        return None
    language = pycountry.languages.get(name=tag.strip().title())
    code = getattr(language, "alpha_2", None) or getattr(language, "alpha_3", None)
    cure = f"did you mean {code}?" if code else "write two or three letters of ISO 639 such as en or fin"
    return f"{tag[:60]!r} is not a language's code; {cure}"


def _is_language(code: str) -> bool:
    if len(code) == 2:
        return pycountry.languages.get(alpha_2=code) is not None
    return pycountry.languages.get(alpha_3=code) is not None or pycountry.languages.get(bibliographic=code) is not None


@functools.lru_cache(maxsize=4096)
def country_fault(code: str) -> str | None:
    """Return the fault of a country's code, or None. It has two capital letters of ISO 3166-1, or is XK."""
    if code in COUNTRIES:
        return None
    likely = _likely_country(code.strip())
    cure = f"did you mean {likely}?" if likely else "write two capital letters of ISO 3166-1, for example FI"
    return f"{code[:60]!r} is not a country's code; {cure}"


def _likely_country(text: str) -> str | None:
    capitals = text.upper()
    if capitals in COUNTRIES:
        return capitals
    if capitals in _COUNTRY_HABITS:
        return _COUNTRY_HABITS[capitals]
    country = pycountry.countries.get(alpha_3=capitals) or pycountry.countries.get(name=text.title())
    return country.alpha_2 if country else None


def eqf_fault(level: float) -> str | None:
    """Return the fault of a level of the European Qualifications Framework, or None. It is a whole 1 to 8."""
    if isinstance(level, int) and not isinstance(level, bool) and 1 <= level <= 8:
        return None
    return f"{level!r} is not an EQF level; the levels are the whole numbers 1 to 8"

"""The five elements of a qualification in words: phrases of this office in the reader's language, prose as it is.

An element joins both: `externalReview: NVAO; identity verified`. The names of agencies, levels and learning outcomes
are in the language of who wrote them, and look like phrases at most by chance.
"""

import re
from typing import Final

from markupsafe import Markup

from registry.office.assessments.comparison import Element, ElementName
from registry.server.pages.details import Details, isolate

_BASIS: Final = re.compile(r"(.*) (\((?:referenced in a national framework|stated by the provider)\))", re.DOTALL)
"""A level, and on what it rests."""
_SOURCE: Final = re.compile(r"(.*)( \(stated in the uploaded [^()]*, not verified\))", re.DOTALL)
"""A text, and the document that states it."""
_OWN_QUALITY: Final = re.compile(
    r"accreditation: .*|issuer (?:active|suspended|withdrawn) then, \w+ now|supervision \w+|identity (?:not )?verified",
    re.DOTALL,
)
_AGE: Final = re.compile(r"not older than \d+ months")
_UNKNOWN: Final = Markup("\u2013")
_JOINT: Final = "; "


def say_presented(details: Details, element: Element) -> Markup:
    """Return what is presented, for this reader."""
    if not element.original:
        return _UNKNOWN
    stated = _SOURCE.fullmatch(element.original)
    if stated is not None:
        return _say_facts(details, element.name, stated[1]) + details.say(stated[2])
    return _say_facts(details, element.name, element.original)


def _say_facts(details: Details, name: ElementName, text: str) -> Markup:
    if name == "level":
        rest = _BASIS.fullmatch(text)
        return isolate(text) if rest is None else isolate(rest[1]) + " " + details.say(rest[2])
    if name == "quality":
        parts = text.split(_JOINT)
        return Markup("; ").join(details.say(each) if _OWN_QUALITY.fullmatch(each) else isolate(each) for each in parts)
    return isolate(text) if name == "learningOutcomes" else details.say(text)


def say_required(details: Details, element: Element) -> Markup:
    """Return what is required, for this reader."""
    if not element.required:
        return _UNKNOWN
    if element.name != "learningOutcomes":
        return details.say(element.required)
    *outcomes, last = element.required.split(_JOINT)
    if _AGE.fullmatch(last) is None:
        return isolate(element.required)
    age = details.say(last)
    return isolate(_JOINT.join(outcomes)) + _JOINT + age if outcomes else age

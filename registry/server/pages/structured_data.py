"""An achievement for search engines, as schema.org describes a course. Pure."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from msgspec import json

from projections.catalogue.catalogue import AchievementView
from registry.server.pages.templates import Formats

_HARMFUL = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that could end the element which the data is in, and how JSON writes them otherwise."""


def describe(achievement: AchievementView, names: Mapping[str, str], language: str) -> Markup:
    """Return the JSON-LD of one version, safe inside an element of HTML."""
    formats, content = Formats(language), achievement.content
    course: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Course",
        "name": formats.nearest(achievement.title).text,
        "provider": {
            "@type": "CollegeOrUniversity",
            "name": names.get(achievement.member, achievement.member),
        },
        "inLanguage": content["language"],
        "teaches": [formats.nearest(outcome["title"]).text for outcome in content["learningOutcomes"]],
        "educationalCredentialAwarded": achievement.kind,
    }
    if "description" in content:
        course["description"] = formats.nearest(content["description"]).text
    if achievement.ects is not None:
        course["numberOfCredits"] = {
            "@type": "StructuredValue",
            "value": float(achievement.ects),
            "unitText": "ECTS",
        }
    if achievement.eqf_level is not None:
        course["educationalLevel"] = f"EQF {achievement.eqf_level}"
    text = json.encode(course).decode()
    for character, escaped in _HARMFUL.items():
        text = text.replace(character, escaped)
    return Markup(text)  # noqa: S704 - escaped above

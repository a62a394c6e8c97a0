"""An achievement as schema.org describes it, inside a page."""

import json
from decimal import Decimal

from projections.catalogue.catalogue import AchievementView
from registry.server.pages.structured_data import describe

CONTENT = {"language": ["en"], "learningOutcomes": [{"title": {"en": "Reads data"}}]}


def test_search_engines_read_it_and_no_text_ends_the_element():
    title = "</script><script>alert(1)</script> & more"
    view = AchievementView("twente", "id", 1, "module", {"en": title}, Decimal("2.5"), 6, False, CONTENT, {})  # noqa: FBT003 - as a row of the views
    text = str(describe(view, {"twente": "Twente"}, "en"))
    assert "<" not in text
    course = json.loads(text)
    assert (course["name"], course["provider"]["name"]) == (title, "Twente")
    assert course["numberOfCredits"]["value"] == 2.5
    assert course["teaches"] == ["Reads data"]

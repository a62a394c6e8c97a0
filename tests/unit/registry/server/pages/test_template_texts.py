"""Texts of the templates: translated once, escaped always."""

from decimal import Decimal

import pytest
from markupsafe import Markup

from registry.server.pages.languages import translations
from registry.server.pages.template_texts import TemplateTexts
from registry.server.pages.templates import environment

SCRIPT = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture
def texts():
    return TemplateTexts(translations("nl"), str)


def test_a_text_is_translated_and_its_values_are_escaped(texts):
    assert texts.gettext("Sign in") == translations("nl").gettext("Sign in") != "Sign in"
    assert texts.gettext("unknown %(name)s", name=SCRIPT) == f"unknown {ESCAPED}"
    assert isinstance(texts.gettext("Sign in"), Markup)


def test_a_doubled_per_cent_sign_is_one_with_and_without_values(texts):
    assert texts.gettext("100 %%") == "100 %"
    assert texts.gettext("%(share)s %%", share=3) == "3 %"


def test_the_number_chooses_the_form_and_may_be_written_by_another_name(texts):
    assert texts.ngettext("%(num)s apple", "%(num)s apples", 1) == "1 apple"
    assert texts.ngettext("%(num)s apple", "%(num)s apples", 2) == "2 apples"
    assert texts.ngettext("%(number)s apple", "%(number)s apples", 2, number=SCRIPT) == f"{ESCAPED} apples"
    assert texts.ngettext("%(num)s apple", "%(num)s apples", 2000, num="2,000") == "2,000 apples"


@pytest.mark.parametrize("language", ["en", "nl", "sv"])
def test_a_template_has_the_same_texts_with_constants_as_with_calls(language):
    templates = environment(language)
    constant = templates.from_string('{{ _("Sign in") }} {% if true %}{% set x = _("Search") %}{{ x }}{% endif %}')
    called = templates.from_string("{{ _(a) }} {{ _(b) }}").render(a="Sign in", b="Search")
    assert constant.render() == called
    assert templates.from_string('{{ _("%(name)s", name=name) }}').render(name=SCRIPT) == ESCAPED


def test_credits_levels_and_languages_are_filters():
    templates = environment("en")

    def write(text, **values):
        return templates.from_string("{{ " + text + " }}").render(values)

    assert write("x | credits", x=Decimal("2.5")) == "2.5 ECTS"
    assert write("x | credits(30)", x=None) == "No credits, 30 hours"
    assert write("x | credits", x=None) == "No credits"
    assert (write("x | level", x=6), write("x | level", x=None)) == ("EQF 6", "No level")
    assert write("x | language_names", x=["nl", "en"]) == "Dutch and English"
    assert write("x | language_names", x=[SCRIPT]) == ESCAPED
    assert write("x | local", x={"en": SCRIPT}) == ESCAPED
    assert write("x | local", x={"nl": SCRIPT}) == f'<span lang="nl" dir="auto">{ESCAPED}</span>'

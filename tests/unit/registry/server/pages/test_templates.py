"""Templates: what a macro takes from its page is passed to it."""

from importlib import resources

import pytest
from jinja2 import meta, nodes

from registry.server.pages.templates import environment

FOLDER = resources.files("registry.server.pages").joinpath("templates")


def names(folder=FOLDER, before=""):
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.is_dir():
            yield from names(file, f"{before}{file.name}/")
        elif file.name.endswith(".html"):
            yield before + file.name


def parsed(name):
    templates = environment("en")
    return templates.parse(templates.loader.get_source(templates, name)[0])


def taken_from_context(name):
    return meta.find_undeclared_variables(parsed(name)) - set(environment("en").globals)


@pytest.mark.parametrize("name", list(names()))
def test_macros_that_use_names_of_the_page_are_imported_with_its_context(name):
    for node in parsed(name).find_all((nodes.FromImport, nodes.Import)):
        if not node.with_context:
            assert not taken_from_context(node.template.value), node.template.value


def test_the_check_sees_what_a_macro_takes():
    assert "url" in taken_from_context("macros/feed.html")


def test_a_name_in_a_sentence_keeps_its_own_direction_and_does_no_harm():
    template = environment("en").from_string('{{ _("By %(name)s", name=name | isolated) }}')
    assert template.render(name="<b>عمر") == "By <bdi>&lt;b&gt;عمر</bdi>"


def test_texts_of_macros_have_no_space_around_them():
    page = '{% from "macros/texts.html" import local, credits, level with context %}'
    page += '({{ local({"en": "Data"}, "en") }})({{ credits(2.5) }})({{ level(6) }})'
    assert environment("en").from_string(page).render() == "(Data)(2.5 ECTS)(EQF 6)"

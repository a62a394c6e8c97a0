"""Sentences of use cases are found again and said in the reader's language, with their values."""

import re
import time

import pytest
from markupsafe import Markup, escape

from registry.cli.demo.demo_sheet import write_sheet
from registry.server.pages.detail_messages import Sentences, collect_details, find_sentences, write_template
from registry.server.pages.detail_words import CODES, FURTHER, ON_PAGES, WITH_CODES
from registry.server.pages.details import MAX_LENGTH, Details
from registry.server.pages.templates import Formats, environment
from registry.server.pages.vocabulary import VOCABULARY
from tests.support.catalogues import Everything
from tests.support.results import open_results

PLACE = re.compile(r"%\([a-z]+(\d+)\)s")
TAG = re.compile(r"</?(?:bdi|span)[^>]*>")
KEEP_TEXT = "or repeat with --keep-text (over HTTP, keepText; in an event, keep_text) where it is the name"


def details(catalog, language="nl"):
    return Details(language, catalog, Formats(language).listing)


@pytest.fixture(scope="module")
def templates():
    """All sentences, as use cases say them: read from the code while the tests run, not while they are collected."""
    return sorted({write_template(parts) for parts in find_sentences()} | set(FURTHER))


@pytest.fixture(scope="module")
def marked():
    """Details in a language whose translation of a text is the text with a mark."""
    return details({text: f"§{text}" for text in collect_details()})


def test_each_sentence_is_found_again_with_its_values(marked, templates):
    values = {f"value{number}": f"«{number}»" for number in range(1, 10)}
    for template in templates:
        page = PLACE.sub(lambda match: f"«{match[1]}»", ON_PAGES.get(template, template)).replace("%%", "%")
        said = TAG.sub("", str(marked.say(template % values)))
        assert said == str(escape(f"§{page}")), template


def test_sentences_are_collected_with_their_choices(tmp_path):
    file = tmp_path / "module.py"
    file.write_text(
        '"""No sentence of this."""\n'
        "LIMIT = 'has too many rows'\n"
        "def check(rows, name):\n"
        "    '''No sentence, either.'''\n"
        "    if rows:\n"
        "        cure = '; split it' if rows > 5 else ''\n"
        '        raise Fault(f\'{name} has {rows:,} {"row" if rows == 1 else "rows"} too many{cure}\')\n'
        "    if name in ('is a place', 'is another'):\n"
        "        raise Fault('{what} has 5 % too many')\n"
        "    return LIMIT\n"
    )
    assert sorted(map(write_template, Sentences(file).find())) == [
        "%(value1)s has %(value2)s row too many",
        "%(value1)s has %(value2)s row too many; split it",
        "%(value1)s has %(value2)s rows too many",
        "%(value1)s has %(value2)s rows too many; split it",
        "%(value1)s has 5 %% too many",
        "has too many rows",
    ]
    only_errors = sorted(map(write_template, Sentences(file, only_errors=True).find()))
    assert "has too many rows" not in only_errors
    assert "%(value1)s has 5 %% too many" in only_errors


def test_the_words_of_pages_are_of_sentences_that_there_are(templates):
    assert set(ON_PAGES) <= set(templates)
    assert set(CODES.values()) <= VOCABULARY.keys()
    for words in ON_PAGES.values():
        assert not re.search(r"--|`|registry [a-z]|over HTTP|\$\.", words), words


def test_a_fault_and_its_cure_are_apart_and_name_no_option_of_the_command_line():
    english = details({}, "en")
    assert english.advise("is empty; every row needs it") == ("is empty", "every row needs it")
    assert english.advise(f"has digits: is it a number?; {KEEP_TEXT}") == (
        "<bdi>has digits: is it a number?</bdi>",
        "where it is the name, say in the row&#39;s form that it is right",
    )
    day = english.advise(
        "is written DD.MM.YYYY; write it as YYYY-MM-DD, or repeat with --dates dmy or --dates mdy (over HTTP, dates=…)"
    )
    assert day.cure == "write it as YYYY-MM-DD, or upload the file again with the order of its dates"


def test_values_are_verbatim_escaped_and_isolated():
    dutch = details(
        {
            "is retired": "is uit het aanbod",
            "%(value1)s is not text": "%(value1)s is geen tekst",
            "the file '%(value1)s' is empty": "het bestand «%(value1)s» is leeg",
        }
    )
    assert dutch.say("<b> is not text") == Markup("<bdi>&lt;b&gt;</bdi> is geen tekst")
    assert dutch.say("'is retired' is not text") == Markup("<bdi>&#39;is retired&#39;</bdi> is geen tekst")
    assert dutch.say("the file 'is retired' is empty") == Markup("het bestand «<bdi>is retired</bdi>» is leeg")
    assert dutch.say("it is retired") == Markup("<bdi>it</bdi> is uit het aanbod")


@pytest.mark.parametrize("text", ["Students:\nknow what data are", "foo\tbar baz", "\t a", "'a'\tb c", "\n \n", " "])
def test_a_text_of_several_lines_is_shown_as_it_is(text):
    for language in ("en", "nl"):
        assert escape(text) in Details(language, {}, ", ".join).say(text)


def test_parts_are_said_by_themselves_and_the_rest_stays_english():
    dutch = details({"is not a date": "is geen datum", "it is %(value1)s": "het is %(value1)s", "is empty": "is leeg"})
    assert dutch.say("is not a date; nobody knows this") == Markup(
        'is geen datum; <span lang="en">nobody knows this</span>'
    )
    assert dutch.say("$.days: 'soon' is not a date") == Markup("<bdi>&#39;soon&#39;</bdi> is geen datum")
    assert dutch.say("$.a[0].b: is empty; $: is not a date") == Markup("is leeg; is geen datum")
    assert dutch.say("EQF 6") == Markup("<bdi>EQF 6</bdi>")
    assert dutch.say("it is is empty") == Markup("het is is leeg")
    assert dutch.say("given_name is empty") == Markup("Voornaam is leeg")
    assert dutch.say("nobody knows this") == Markup('<span lang="en">nobody knows this</span>')
    too_long = "x" * MAX_LENGTH + " is empty"
    assert str(dutch.say(too_long)) == f'<span lang="en">{too_long}</span>'


def test_credentials_of_a_case_are_counted_from_1_and_codes_have_words():
    english = details({}, "en")
    assert english.say("credential 0 is left out, and a grant rests on it") == (
        "credential 1 is left out, and a grant rests on it"
    )
    assert "Revoked" in english.say("credential 0 was active when it was decided, and is revoked now")


def test_refusals_of_a_proposal_say_codes_in_words(templates):
    assert set(WITH_CODES) <= set(templates)
    template = "say why %(value1)s recognition was not possible: one of %(value2)s"
    sentence = "say why partial recognition was not possible: one of declinedByApplicant, formalGround"
    english = details({}, "en")
    assert english.say(sentence) == (
        "say why this outcome was not possible: Recognised in part. The reasons to choose from: The applicant declined"
        " it, A formal ground excludes it"
    )
    assert english.say("the outcome partial names its grounds") == (
        "the outcome “Recognised in part” names its grounds"
    )
    assert english.say("level:lowerLevel is not named in any element that this grant rests on") == (
        "Level, “lower level”: it is not named in any element that this grant rests on"
    )
    dutch = details({template: "geef aan waarom (%(value1)s): een van %(value2)s"})
    said = str(dutch.say(sentence))
    assert said.startswith("geef aan waarom (")
    assert not {"partial", "declinedByApplicant", "formalGround"} & set(re.findall(r"\w+", said))
    assert "Recognised in part" not in said


@pytest.mark.parametrize("text", ["a. b; c: d e. f; ", "is: is; is. ", "must be one of ", "' is not text; "])
def test_a_long_text_costs_little(marked, text):
    text = (text * MAX_LENGTH)[:MAX_LENGTH]
    begin = time.process_time()
    marked.say(text)
    assert time.process_time() - begin < 0.5


def test_templates_have_the_sentences():
    page = environment("en").from_string("{{ text | detail }} {{ advice(text).cure }}")
    assert page.render(text="is <b>; write x") == "is &lt;b&gt;; write x write x"


ACHIEVEMENT = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
GOOD_ROW = {
    "record": "r",
    "achievement": ACHIEVEMENT,
    "student": "s1",
    "family_name": "Jansen",
    "given_name": "Ada",
    "date_of_birth": "2001-02-03",
    "awarding_date": "2026-06-30",
    "ects": "5",
    "grade": "8.5",
    "version": "",
}
FAULTY_CELLS = [
    {"awarding_date": "soon"},
    {"awarding_date": "30.06.2026"},
    {"awarding_date": "6/7/2026"},
    {"awarding_date": "2026-6-7"},
    {"awarding_date": "07-06-26"},
    {"awarding_date": "2999-01-01"},
    {"date_of_birth": "1800-01-01"},
    {"date_of_birth": "2999-01-01"},
    {"date_of_birth": "2020-01-01"},
    {"ects": "5,0"},
    {"ects": "five"},
    {"ects": "7.5"},
    {"version": "v2"},
    {"version": "9"},
    {"achievement": "data-literacy"},
    {"achievement": ""},
    {"student": ""},
    {"student": "1.2E+10"},
    {"student": "Jansen"},
    {"student": "unknown"},
    {"family_name": "N/A"},
    {"family_name": "J4nsen"},
    {"family_name": "JÃ¼rgen"},
    {"family_name": "", "given_name": ""},
    {"given_name": "=A1"},
    {"given_name": "#REF!"},
    {"given_name": "Ad\x07a"},
    {"grade": "failed"},
    {"grade": "2026-05-01"},
    {"grade": "TRUE"},
    {"record": "x" * 3000},
    {"record": ""},
]


def test_the_faults_of_real_files_are_found(marked, tmp_path):
    rows = [GOOD_ROW | {"record": f"r{number}"} | cells for number, cells in enumerate(FAULTY_CELLS)]
    table = tmp_path / "rows.csv"
    table.write_text("\n".join([",".join(GOOD_ROW), *('"' + '","'.join(row.values()) + '"' for row in rows)]) + "\n")
    (tmp_path / "twente-2026.csv").write_text(f"achievement\n{ACHIEVEMENT}\n")
    sheet = write_sheet(tmp_path, "twente", 2026)
    details_of_rows = [
        problem.detail
        for file in (table, sheet)
        for result in open_results(file, Everything((5,)))
        if isinstance(result, tuple)
        for problem in result
    ]
    assert len(details_of_rows) >= len(FAULTY_CELLS) + 5
    for detail in details_of_rows:
        said = marked.say(detail)
        assert said.startswith("§"), detail
        assert "lang=" not in said, detail
        assert "--" not in said, detail

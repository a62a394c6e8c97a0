"""A clerk finds credentials by number, record, name, achievement, status and day, and names them by short ids."""

import csv
import io

import pytest

from registry.cli.json_shapes import SHAPES
from registry.learners.name_search import normalise_name
from tests.support.command import Consortium, printed_json, registry


@pytest.fixture(scope="module")
def registrar(tmp_path_factory, postgres):
    consortium = Consortium(tmp_path_factory.mktemp("finding"), postgres)
    consortium.achievement = consortium.offer()
    header = registry("import", "template", "csv").stdout.splitlines()[0]
    people = [
        ("r1", "s1", "Jansen", "Ada", "2026-06-30"),
        ("r2", "s1", "Jansen", "Ada", "2026-07-01"),
        ("r3", "s2", "Ångström-de la Peña", "Sanne", "2026-06-30"),
        ("r4", "s3", "Jansson", "Zoë", "2025-06-30"),
    ]
    lines = [header]
    for record, student, family, given, day in people:
        row = [record, consortium.achievement, "", student, family, given, "2001-02-03", day]
        lines.append(",".join(row + [""] * (header.count(",") + 1 - len(row))))
    file = consortium.folder / "people.csv"
    file.write_text("\n".join(lines) + "\n")
    consortium.run("import", "file", file)
    consortium.run("views", "update")
    consortium.all = printed_json(consortium.run("credential", "list", "--json"))["items"]
    return consortium


def found(registrar, *words, command="list"):
    return printed_json(registrar.run("credential", command, *words, "--json"))["items"]


def test_own_credentials_are_listed_with_names_newest_first(registrar):
    assert [one["awarding_date"] for one in registrar.all] == ["2026-07-01", "2026-06-30", "2026-06-30", "2025-06-30"]
    assert {one["family_name"] for one in registrar.all} == {"Jansen", "Ångström-de la Peña", "Jansson"}


def test_what_is_asked_for_is_found(registrar):
    assert {one["awarding_date"] for one in found(registrar, "--student", "s1")} == {"2026-06-30", "2026-07-01"}
    assert [one["given_name"] for one in found(registrar, "--record", "r3")] == ["Sanne"]
    assert [one["record"] for one in found(registrar, "--record", "r3")] == ["r3"]
    assert len(found(registrar, "--from", "2026-01-01", "--until", "2026-06-30")) == 2
    assert len(found(registrar, "--status", "active")) == 4
    assert found(registrar, "--status", "revoked") == []
    assert found(registrar, "--record", "nobody") == []
    assert len(found(registrar, "--achievement", registrar.achievement[:8])) == 4


def test_a_record_is_printed_only_where_it_was_asked_for(registrar):
    """Only a keyed hash of it is stored, as docs/command-json.md says."""
    assert {credential["record"] for credential in registrar.all} == {None}
    assert [credential["record"] for credential in found(registrar, "--record", "r1")] == ["r1"]
    assert {credential["record"] for credential in found(registrar, "jansen", command="find")} == {None}
    for command in ("credential list", "credential find"):
        assert "`record` is null" in SHAPES[command].remark


def test_a_name_is_found_whatever_its_capitals_and_accents(registrar):
    for words in ("angstrom", "ÅNGSTRÖM sanne", "pena", "sanne de", "la pena angstrom"):
        assert [one["given_name"] for one in found(registrar, words, command="find")] == ["Sanne"], words
    assert len(found(registrar, "jans", command="find")) == 3
    assert [one["given_name"] for one in found(registrar, "zoe", command="find")] == ["Zoë"]
    assert normalise_name("O'Brien-Łukasz Groß") == "o brien lukasz gross"
    assert "known here" in registrar.run("credential", "find", "nobody", check=1).stderr
    assert printed_json(registrar.run("credential", "find", "nobody", "--json", check=1))["items"] == []
    assert "known here" in registrar.run("credential", "list", "--status", "replaced").stderr
    registrar.run("credential", "find", " ", check=2)


def test_a_page_says_where_the_next_begins(registrar):
    first = printed_json(registrar.run("credential", "list", "--limit", "3", "--json"))
    second = printed_json(registrar.run("credential", "list", "--limit", "3", "--after", first["next"], "--json"))
    assert [one["credential"] for one in (*first["items"], *second["items"])] == [
        one["credential"] for one in registrar.all
    ]
    assert second["next"] is None
    assert "There are more" in registrar.run("credential", "list", "--limit", "3").stderr


def test_a_short_id_or_member_and_id_name_the_same_credential(registrar):
    whole = registrar.all[0]["credential"]
    table = registrar.run("credential", "list").stdout
    assert whole not in table
    assert whole[:8] in table
    assert whole in registrar.run("credential", "list", "--wide").stdout
    for text in (whole, whole[:8], f"twente/{whole}", f"twente/{whole[:8]}", whole[:13]):
        shown = printed_json(registrar.run("credential", "show", text, "--json"))
        assert shown["credential"] == whole
    assert printed_json(registrar.run("credential", "show", "--record", "r2", "--json"))["credential"] == whole
    registrar.run("credential", "suspend", f"twente/{whole[:8]}", "--reason", "underReview")
    registrar.run("credential", "reinstate", whole[:8])
    registrar.run("views", "update")
    unknown = registrar.run("credential", "suspend", "00000000", "--reason", "underReview", check=1)
    assert "No credential" in unknown.stderr
    other = registrar.run("credential", "suspend", f"lund/{whole}", "--reason", "underReview", check=2)
    assert "lund" in other.stderr


def test_a_beginning_that_is_too_short_is_refused(registrar):
    said = registrar.run("credential", "show", registrar.all[0]["credential"][:3], check=2).stderr
    assert "4 characters" in " ".join(said.replace("│", " ").split())


def test_csv_has_whole_ids_and_all_columns(registrar):
    text = registrar.run("credential", "list", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["credential"] for row in rows] == [one["credential"] for one in registrar.all]
    assert set(rows[0]) >= {"family_name", "given_name", "learner", "achievement", "awarded", "ECTS", "flags"}


def test_a_learners_record_shows_who_it_is(registrar):
    shown = printed_json(registrar.run("learner", "show", "s2", "--student", "--json"))
    assert shown["person"]["family_name"] == "Ångström-de la Peña"
    assert "Sanne Ångström-de la Peña" in registrar.run("learner", "show", shown["learner"][:8]).stdout

"""Achievements are checked whole before they are published for good."""

import json

import pytest

from tests.support.command import Consortium, printed_json, registry


@pytest.fixture(scope="module")
def clerk(tmp_path_factory, postgres):
    consortium = Consortium(tmp_path_factory.mktemp("offers"), postgres)
    consortium.achievement = consortium.offer()
    consortium.run("views", "update")
    return consortium


def events(consortium):
    node = printed_json(consortium.run("status", "--json", check=False))["node"]
    return (consortium.folder / "log" / "twente.log").stat().st_size, node["waiting"]


@pytest.mark.parametrize("kind", ["stackable", "non-credit", "composed"])
def test_a_template_is_refused_until_it_is_filled_in_and_published_then(clerk, tmp_path, kind):
    file = tmp_path / "a.json"
    file.write_text(registry("import", "template", "achievement", "--kind", kind).stdout)
    before = events(clerk)
    for words in (("--dry-run",), ()):
        refused = clerk.run("achievement", "publish", file, *words, check=1)
        assert "$.title.en: is the template's placeholder" in refused.stderr
        assert "Nothing was published." in refused.stderr
    text = file.read_text()
    for name, value in (("member", "twente"), ("achievement", clerk.achievement)):
        text = text.replace(f'"{name}": "REPLACE: ', f'"{name}": "{value}" , "x": "')
    filled = json.loads(text.replace("REPLACE: ", f"{kind} "), object_hook=_without_x)
    file.write_text(json.dumps(filled))
    assert "could be published" in clerk.run("achievement", "publish", file, "--dry-run").stdout
    assert events(clerk) == before
    clerk.run("achievement", "publish", file)
    assert events(clerk) != before


def _without_x(found):
    return {name: value for name, value in found.items() if name != "x"}


def test_all_that_is_wrong_is_listed_by_a_dry_run_and_by_the_real_one_and_by_a_revision(clerk, tmp_path):
    file = tmp_path / "wrong.json"
    template = json.loads(registry("import", "template", "achievement").stdout)
    wrong = {"creditBearing": False, "language": ["english"], "fieldsOfEducation": ["533"], "kind": "course"}
    file.write_text(json.dumps(template | wrong | {"colour": "red"}))
    before = events(clerk)
    for words in (
        ("publish", file, "--dry-run"), ("publish", file), ("revise", clerk.achievement, file, "--dry-run"),
        ("revise", clerk.achievement, file),
    ):  # fmt: skip
        said = clerk.run("achievement", *words, check=1).stderr
        for place in (
            "$.kind:",
            "$.ects:",
            "$.language[0]:",
            "$.fieldsOfEducation[0]:",
            "$: colour is not a field here",
        ):
            assert place in said, words
        assert "5 problems" in said
    assert events(clerk) == before


def test_a_name_that_stands_twice_or_another_id_is_refused(clerk, tmp_path):
    file = tmp_path / "twice.json"
    text = registry("import", "template", "achievement").stdout
    file.write_text(text.replace('"kind"', '"kind": "module", "kind"', 1))
    assert "a name stands twice" in clerk.run("achievement", "publish", file, check=1).stderr
    file.write_text(json.dumps(json.loads(text) | {"achievement": "00000000-0000-4000-8000-000000000000"}))
    assert "names another achievement" in clerk.run("achievement", "revise", clerk.achievement, file, check=1).stderr
    file.write_text(json.dumps(json.loads(text) | {"version": 7}))
    assert "the next version is 2, not 7" in clerk.run("achievement", "revise", clerk.achievement, file, check=1).stderr


def test_parts_of_others_that_were_not_read_are_said_not_to_be_checked(clerk, tmp_path):
    file = tmp_path / "programme.json"
    part = {"member": "lund", "achievement": "00000000-0000-4000-8000-000000000000"}
    composition = {"required": [part], "choices": [], "minEcts": 5, "sharing": "allowed"}
    template = json.loads(registry("import", "template", "achievement").stdout)
    file.write_text(json.dumps(template | {"title": {"en": "Programme"}, "composition": composition}))
    done = clerk.run("achievement", "publish", file, "--dry-run")
    assert "$.composition.required[0]: not checked: this node has not read lund/" in done.stderr


def test_a_kind_that_no_template_has_is_wrong_usage():
    assert "is not one of plain" in registry("import", "template", "achievement", "--kind", "big", check=2).stderr
    assert "only an achievement" in registry("import", "template", "csv", "--kind", "plain", check=2).stderr


def offered(tmp_path, **changed):
    file = tmp_path / "texts.json"
    template = json.loads(registry("import", "template", "achievement").stdout)
    file.write_text(json.dumps(template | changed), encoding="utf-8")
    return file


@pytest.mark.parametrize("text", ["Data \ufffd", "MÃ¼ller und BiologÃ\xada", "tbd", "Replace this"])
def test_a_text_that_was_spoilt_or_not_written_is_not_published(clerk, tmp_path, text):
    file = offered(tmp_path, title={"en": text})
    before = events(clerk)
    for words in (("publish", file, "--dry-run"), ("publish", file), ("revise", clerk.achievement, file)):
        assert "$.title.en: " in clerk.run("achievement", *words, check=1).stderr
    assert events(clerk) == before
    kept = clerk.run("achievement", "publish", file, "--dry-run", "--keep-text", check=1 if "\ufffd" in text else 0)
    assert ("could be published" in kept.stdout) == ("\ufffd" not in text)


def test_a_title_that_only_looks_the_same_is_offered_already(clerk, tmp_path):
    clerk.run("achievement", "publish", offered(tmp_path, title={"en": "Reading maps"}))
    for title in ("Reading\u200b maps", "Read\u00ading maps", "Reading  maps", "Reading\u00a0maps"):
        refused = clerk.run("achievement", "publish", offered(tmp_path, title={"en": title}), check=1)
        assert "has the same content and is already offered" in refused.stderr, title


def test_a_workload_that_can_hardly_be_is_warned_of_and_published(clerk, tmp_path):
    file = offered(tmp_path, title={"en": "Hard work"}, workloadHours=1400)
    for words in (("--dry-run",), ()):
        said = clerk.run("achievement", "publish", file, *words).stderr
        assert "warning: $.workloadHours comes to 280 hours for an ECTS credit" in said

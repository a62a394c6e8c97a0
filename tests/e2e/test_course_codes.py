"""The university's own course codes stand for achievements wherever a command names one."""

import json

import pytest

from tests.support.command import Consortium, printed_json, registry


@pytest.fixture(scope="module")
def clerk(tmp_path_factory, postgres):
    """A university with an achievement of two versions; one code means the first, one the newest, one has a slash."""
    consortium = Consortium(tmp_path_factory.mktemp("courses"), postgres)
    consortium.achievement = consortium.offer()
    file = consortium.folder / "second.json"
    file.write_text(json.dumps(json.loads(registry("import", "template", "achievement").stdout) | {"ects": 6}))
    consortium.run("achievement", "revise", consortium.achievement, file)
    codes = consortium.folder / "codes.csv"
    codes.write_text(
        f"code,achievement,version\nKUNST1,{consortium.achievement},1\nKUNST,{consortium.achievement},\n"
        f"KUNST/2,{consortium.achievement},2\n"
    )
    consortium.run("course-code", "import", codes)
    return consortium


def issue(clerk, code, record, *more):
    return clerk.run(
        "credential", "issue", code, "--record", record, "--student", record, "--family-name", "Jansen",
        "--given-name", "Ada", "--date-of-birth", "2001-02-03", "--awarding-date", "2026-06-30", *more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "more", "version"),
    [("KUNST1", (), 1), ("KUNST", (), 2), ("KUNST/2", (), 2), ("KUNST1", ("--version", "2"), 2)],
)
def test_a_course_code_issues_the_version_that_it_stands_for(clerk, code, more, version):
    record = f"{code}-{len(more)}"
    issue(clerk, code, record, *more)
    clerk.run("views", "update")
    shown = printed_json(clerk.run("credential", "show", "--record", record, "--json"))
    assert (shown["achievement"], shown["version"]) == (clerk.achievement, version)


def test_course_codes_name_achievements_in_other_commands(clerk):
    clerk.run("views", "update")
    for words in (
        ("achievement", "show", "KUNST/2", "--json"), ("achievement", "show", "twente/KUNST1", "--json"),
        ("credential", "list", "--achievement", "KUNST1", "--json"),
    ):  # fmt: skip
        assert clerk.achievement in clerk.run(*words).stdout, words
    said = clerk.run("stack", "progress", "KUNST1", "--student", "nobody", check=1).stderr
    assert "KUNST1" not in said
    unknown = clerk.run("stack", "progress", "KUNST9", "--student", "nobody", check=False).stderr
    assert "No learner" in unknown or "KUNST9" in unknown


def test_an_own_course_code_does_not_name_another_members_achievement(clerk):
    done = clerk.run(
        "agreement", "declare", "lund", "--achievement", "KUNST1@1", "--valid-from", "2026-09-01", check=False
    )
    assert done.returncode in (1, 2)
    assert clerk.achievement not in done.stdout + done.stderr


def test_a_code_that_a_file_has_with_two_meanings_is_set_to_neither(clerk, tmp_path):
    file = tmp_path / "codes.csv"
    other = clerk.offer()
    file.write_text(
        f"code,achievement,version\nDRAMA,{clerk.achievement},\nDRAMA2,{clerk.achievement},1\nDRAMA,{other},\n"
        f"DRAMA3,{clerk.achievement},1\nDRAMA3,{clerk.achievement},2\nDRAMA4,{other},\nDRAMA4,{other},\n"
    )
    done = printed_json(clerk.run("course-code", "import", file, "--json", check=1))
    assert (done["set"], done["refused"]) == (2, 5)
    assert [one["where"] for one in done["problems"]] == ["line 2", "line 4", "line 5", "line 6", "line 8"]
    listed = clerk.run("course-code", "list", "--csv").stdout
    assert [f"{code}," in listed for code in ("DRAMA", "DRAMA2", "DRAMA3", "DRAMA4")] == [False, True, False, True]


def test_a_code_that_comes_to_stand_for_something_else_says_so(clerk, tmp_path):
    file = tmp_path / "codes.csv"
    file.write_text(f"code,achievement,version\nFILM,{clerk.achievement},1\n")
    assert printed_json(clerk.run("course-code", "import", file, "--json"))["changes"] == []
    assert printed_json(clerk.run("course-code", "import", file, "--json"))["changes"] == []
    file.write_text(f"code,achievement,version\nFILM,{clerk.achievement},\n")
    said = clerk.run("course-code", "import", file, "--dry-run").stdout
    [change] = printed_json(clerk.run("course-code", "import", file, "--json"))["changes"]
    assert change["was"] == f"{change['now']}, version 1"
    assert f"FILM was {change['was']}, is now {change['now']}" in " ".join(said.split())
    other = clerk.offer()
    said = " ".join(clerk.run("course-code", "set", "FILM", other).stdout.split())
    assert "FILM was " in said
    assert f"({other})" in said  # of the same title

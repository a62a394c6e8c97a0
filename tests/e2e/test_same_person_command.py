"""One number with two persons behind it, a person with one name, and a retaken course, at the command line."""

import os
import pty
import subprocess

import pytest

from tests.support.command import ROOT, Consortium, command, printed_json

HEAD = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date,grade"


@pytest.fixture(scope="module")
def consortium(tmp_path_factory, postgres):
    made = Consortium(tmp_path_factory.mktemp("same-person"), postgres)
    made.achievement = made.offer()
    return made


def write(consortium, name, *rows):
    file = consortium.folder / name
    lines = [HEAD, *(row.replace("ACHIEVEMENT", consortium.achievement) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def learner_of(consortium, number):
    return printed_json(consortium.run("learner", "show", number, "--student", "--json"))["learner"]


def at_a_terminal(consortium, answer, *arguments):
    """Run a command that asks, answer, and return what it said."""
    ours, its = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            command(*arguments, home=consortium.home), stdin=its, capture_output=True, text=True, cwd=ROOT, check=False
        )
    finally:
        os.close(ours)
        os.close(its)
    assert done.returncode == (0 if answer == "y" else 1), done.stderr
    return done.stdout + done.stderr


def words(text):
    return " ".join(text.split())


def test_a_number_with_another_person_behind_it_is_held_until_somebody_decides(consortium):
    first = write(
        consortium, "first.csv",
        "p1,ACHIEVEMENT,7000123,Ahmed,Sara,2001-05-05,2026-06-30,8",
        "p2,ACHIEVEMENT,7000123,Novak,Petr,1979-11-30,2026-06-30,6",
        "p3,ACHIEVEMENT,7000124,Berg,Ann,2000-01-01,2026-06-30,7",
    )  # fmt: skip
    done = consortium.run("import", "file", first, check=1)
    assert "2 issued" in done.stdout
    assert "person-differs" in done.stdout
    assert "Sara Ahmed, born 2001-05-05" in words(done.stdout)
    assert "Petr Novak, born 1979-11-30" in words(done.stdout)
    [held] = printed_json(consortium.run("learner", "held", "--json", check=1))["items"]
    assert (held["record"], held["differs"]) == ("p2", ["dateOfBirth", "name"])
    assert held["stated"]["family_name"] == "Novak"
    assert "Petr Novak" in words(consortium.run("learner", "held", "--wide", check=1).stdout)
    unread = consortium.run("learner", "other-person", "p2", "--actor", "a.berg", check=2)
    assert "Pass --version" in words(unread.stderr)
    assert "Petr Novak, born 1979-11-30" in words(unread.stdout)
    version = held["version"]
    assert version in unread.stdout
    wrong = consortium.run("learner", "other-person", "p2", "--version", "0" * 12, "--actor", "a.berg", check=1)
    assert "changed since you read it" in words(wrong.stderr)
    decide = ("learner", "other-person", "p2", "--version", version, "--actor", "a.berg")
    consortium.run(*decide)
    assert "as before" in consortium.run(*decide).stdout
    consortium.run("learner", "same-person", "p2", check=1)
    assert "1 issued, 2 as before" in consortium.run("import", "file", first).stdout
    assert "No row is held" in consortium.run("learner", "held").stdout
    consortium.run("learner", "same-person", "nobody", check=1)
    consortium.run("views", "update")
    owner = learner_of(consortium, "7000123")
    refused = consortium.run("learner", "erase", "7000123", "--student", "--yes", check=2).stderr
    assert f"Nothing was erased. This number belongs to learner {owner} now, and" in words(refused.replace("│", " "))
    consortium.run("learner", "erase", owner, "--yes")


def test_two_learners_are_merged_by_two_persons_and_each_says_what_it_became(consortium):
    consortium.run(
        "import", "file",
        write(
            consortium, "merge.csv",
            "m1,ACHIEVEMENT,old-77,Lind,Eva,1999-03-03,2026-06-30,8",
            "m2,ACHIEVEMENT,new-77,Lind,Eva,1999-03-03,2026-06-30,9",
        ),
    )  # fmt: skip
    consortium.run("views", "update")
    source, target = (learner_of(consortium, number) for number in ("old-77", "new-77"))
    proposed = consortium.run("learner", "merge", "old-77", "new-77", "--student", "--actor", "a.berg").stdout
    assert "1 credential to be revoked and issued again" in words(proposed)
    change = words(proposed).partition("registry learner confirm ")[2].split()[0]
    refused = consortium.run("learner", "confirm", change, "--actor", "a.berg", check=1)
    assert "somebody else confirms it" in words(refused.stderr)
    [proposal] = printed_json(consortium.run("learner", "changes", source, "--json"))["items"]
    assert (proposal["moves"], proposal["confirmed"]) == (1, None)
    unasked = consortium.run("learner", "confirm", change, "--actor", "l.holm", check=2)
    assert "Refusing without confirmation" in words(unasked.stderr)
    assert "Eva Lind, born 1999-03-03" in words(unasked.stdout)
    done = consortium.run("learner", "confirm", change, "--actor", "l.holm", "--yes")
    assert "This permanently revokes 1 credential and issues 1 in its place." in words(done.stderr)
    again = consortium.run("learner", "confirm", change, "--actor", "l.holm", "--yes")
    assert "l.holm confirmed this merge before" in words(again.stdout)
    assert "changed nothing and stored nothing" in words(again.stdout)
    assert "publish" not in again.stderr
    consortium.run("views", "update")
    assert f"Merged into learner {target}" in words(consortium.run("learner", "show", source).stdout)
    shown = consortium.run("learner", "show", "old-77", "--student", "--wide").stdout
    assert f"Learner {source} was merged into this one" in words(shown)
    [listed] = printed_json(consortium.run("learner", "changes", target, "--json"))["items"]
    assert (listed["kind"], listed["proposed_by"], listed["confirmed_by"]) == ("merge", "a.berg", "l.holm")
    consortium.run("learner", "drop-change", change, check=1)
    assert "erase that one" in words(consortium.run("learner", "erase", source, "--yes", check=1).stderr)
    consortium.run("learner", "erase", target, "--yes")


def test_a_learner_is_split_into_the_two_persons_they_are(consortium):
    consortium.run(
        "import", "file", write(consortium, "split.csv", "s1,ACHIEVEMENT,801,Roy,Pat,2001-02-03,2026-06-30,8")
    )
    wrong = write(consortium, "split2.csv", "s2,ACHIEVEMENT,801,Moe,Kim,1988-02-03,2026-06-30,5")
    consortium.run("import", "file", wrong, check=1)
    assert "become those of the row" in words(at_a_terminal(consortium, "n", "learner", "same-person", "s2"))
    assert len(printed_json(consortium.run("learner", "held", "--json", check=1))["items"]) == 1
    assert "Send the row again" in words(at_a_terminal(consortium, "y", "learner", "same-person", "s2"))
    consortium.run("import", "file", wrong)
    consortium.run("views", "update")
    credential = consortium.run("credential", "show", "--record", "s2", "--json")
    proposed = consortium.run(
        "learner", "split", "801", "--student", "--credential", printed_json(credential)["credential"],
        "--number", "802", "--actor", "a.berg",
    ).stdout  # fmt: skip
    assert "Kim Moe, born 1988-02-03" in words(proposed)
    change = words(proposed).partition("registry learner confirm ")[2].split()[0]
    consortium.run("learner", "confirm", change, "--actor", "l.holm", "--yes")
    consortium.run("views", "update")
    shown = words(consortium.run("learner", "show", "802", "--student").stdout)
    assert "Kim Moe" in shown
    assert "Split from learner" in shown


def test_a_person_with_one_name_is_shown_without_the_other(consortium):
    made = consortium.run(
        "credential", "issue", consortium.achievement, "--record", "mono", "--student", "hm001", "--family-name", "",
        "--given-name", "Suharto", "--date-of-birth", "2001-02-03", "--awarding-date", "2026-06-30",
    )  # fmt: skip
    assert "credential" in made.stdout
    consortium.run("views", "update")
    assert "Suharto, born 2001-02-03" in consortium.run("learner", "show", "hm001", "--student").stdout
    shown = printed_json(consortium.run("learner", "show", "hm001", "--student", "--json"))
    assert shown["person"] == {"family_name": None, "given_name": "Suharto", "date_of_birth": "2001-02-03"}


def test_a_retaken_course_counts_once_and_says_which(consortium):
    consortium.run(
        "import", "file",
        write(
            consortium, "retake.csv",
            "t1,ACHIEVEMENT,hr001,Retaker,Rita,2001-02-03,2026-02-01,5.5",
            "t2,ACHIEVEMENT,hr001,Retaker,Rita,2001-02-03,2026-06-30,8.0",
        ),
    )  # fmt: skip
    consortium.run("views", "update")
    shown = consortium.run("learner", "show", "hm001", "--student", "--json")
    once = printed_json(shown)["ects"]
    record = printed_json(consortium.run("learner", "show", "hr001", "--student", "--json"))
    assert (record["ects"], record["ects_without_retakes"]) == (2 * once, once)
    assert len(record["credentials"]) == 2
    [retake] = record["retaken"]
    late = max(record["credentials"], key=lambda one: one["awarding_date"])
    assert retake["counts"] == f"twente/{late['credential']}"
    assert "counts no credits" in words(consortium.run("learner", "show", "hr001", "--student").stdout)

"""Erasing at the command line: what it makes impossible is said before, and what is gone is called gone after."""

import subprocess
from datetime import date, timedelta

import pytest

from registry.cli.context import opened
from tests.support.command import ROOT, Consortium, command, printed_json


@pytest.fixture(scope="module")
def consortium(tmp_path_factory, postgres):
    made = Consortium(tmp_path_factory.mktemp("erasing"), postgres)
    made.achievement = made.offer()
    made.run("import", made.rows(made.achievement, 8))
    made.run("project")
    return made


def learner_of(consortium, number):
    with opened(consortium.home) as node:
        return node.learner_of_student(number)


def credential_of(consortium, record):
    with opened(consortium.home) as node:
        return node.issuer.known(record)


def run_with_input(consortium, text, *arguments, check=0):
    words = command(*arguments, home=consortium.home)
    done = subprocess.run(words, input=text, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == check, done.stderr
    return done


def test_an_erased_learners_credential_says_so_and_that_its_claims_are_gone(consortium):
    credential = credential_of(consortium, "r1")
    assert "Jansen" in consortium.run("credential", "show", credential, "--claims").stdout
    consortium.run("learner", "erase", "s1", "--student", "--yes")
    consortium.run("project")
    shown = consortium.run("credential", "show", credential, "--claims")
    assert f"Its learner was erased on {date.today()}" in shown.stderr  # noqa: DTZ011 - the day of this test
    assert "disclosures" not in shown.stderr
    assert printed_json(consortium.run("credential", "show", credential, "--claims", "--json"))["claims"] == {}


def test_nothing_is_erased_without_confirmation(consortium):
    refused = consortium.run("learner", "erase", "s2", "--student", check=2)
    assert "Refusing to erase without confirmation. Pass --yes." in " ".join(refused.stderr.split())
    assert learner_of(consortium, "s2")


def test_a_case_that_is_open_or_may_be_appealed_is_named_before_its_learner_is_erased(consortium):
    learner = learner_of(consortium, "s3")
    day = date.today() + timedelta(days=10)  # noqa: DTZ011 - a day on the office's calendar
    with opened(consortium.home) as node:
        node.registry.cursor().execute(
            "INSERT INTO office.cases (id, file_number, learner, state, purpose, opened, appeal_until) VALUES"
            " (gen_random_uuid(), '2026-1', %(l)s, 'decided', 'admission', now(), %(day)s),"
            " (gen_random_uuid(), '2026-2', %(l)s, 'assessing', 'admission', now(), NULL),"
            " (gen_random_uuid(), '2026-3', %(l)s, 'decided', 'admission', now(), '2020-01-01'),"
            " (gen_random_uuid(), '2026-4', %(l)s, 'closed', 'admission', now(), %(day)s)",
            {"l": learner, "day": day},
        )
    said = " ".join(consortium.run("learner", "erase", learner, "--yes").stderr.split())
    assert f"Case 2026-1 is decided and may be appealed until {day}. After the erasure nobody can write" in said
    assert "Case 2026-2 is open." in said
    assert "2026-3" not in said
    assert "2026-4" not in said


def test_numbers_and_names_are_read_from_the_input_where_they_are_not_to_be_seen(consortium):
    values = "s-hidden\nQuixwobble\nZephyrine\n2001-02-03\n"
    run_with_input(
        consortium, values, "credential", "issue", consortium.achievement, "--record", "hidden", "--student", "-",
        "--family-name", "-", "--given-name", "-", "--date-of-birth", "-", "--awarding-date", "2026-06-30",
    )  # fmt: skip
    shown = consortium.run("credential", "show", credential_of(consortium, "hidden"), "--claims").stdout
    assert "Quixwobble" in shown
    learner = learner_of(consortium, "s-hidden")
    erase = ("learner", "erase", "-", "--student", "--yes")
    assert learner in run_with_input(consortium, "s-hidden\n", *erase).stdout
    empty = run_with_input(consortium, "", *erase, check=2)
    assert "no further line" in " ".join(empty.stderr.split())


def test_a_lost_master_key_says_to_restore_it_from_a_backup(consortium):
    file = consortium.home / "keys" / "vault-master.key"
    content = file.read_bytes()
    file.unlink()
    try:
        lost = consortium.run("import", consortium.folder / "rows.csv", check=3)
    finally:
        file.write_bytes(content)
        file.chmod(0o600)
    assert "registry restore --backup" in " ".join(lost.stderr.split())

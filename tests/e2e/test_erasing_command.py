"""Erasing at the command line: what it makes impossible is said before, and what is gone is called gone after."""

import os
import subprocess
from datetime import date, timedelta

import pytest

from registry.batches import BatchFileWriter
from registry.batches.files import BatchFiles
from registry.cli import ids
from registry.node.health import last_error
from registry.node.node import open_node
from tests.support.command import ROOT, Consortium, command, printed_json, registry
from tests.support.terminal import at_a_terminal


@pytest.fixture(scope="module")
def consortium(tmp_path_factory, postgres):
    made = Consortium(tmp_path_factory.mktemp("erasing"), postgres)
    made.achievement = made.offer()
    made.run("import", "file", made.rows(made.achievement, 8))
    made.run("views", "update")
    return made


def learner_of(consortium, number):
    with open_node(consortium.home) as node:
        return ids.learner_of_student(node, number)


def credential_of(consortium, record):
    with open_node(consortium.home) as node:
        return node.issuer.find_credential(record)


def run_with_input(consortium, text, *arguments, check=0):
    words = command(*arguments, home=consortium.home)
    done = subprocess.run(words, input=text, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == check, done.stderr
    return done


def test_an_erased_learners_credential_says_so_and_that_its_claims_are_gone(consortium):
    credential = credential_of(consortium, "r1")
    assert "Jansen" in consortium.run("credential", "show", credential, "--claims").stdout
    consortium.run("learner", "erase", "s1", "--student", "--yes")
    consortium.run("views", "update")
    shown = consortium.run("credential", "show", credential, "--claims")
    assert f"Its learner was erased on {date.today()}" in shown.stderr  # noqa: DTZ011 - the day of this test
    assert "disclosures" not in shown.stderr
    assert printed_json(consortium.run("credential", "show", credential, "--claims", "--json"))["disclosed"] is None


def test_nothing_is_erased_without_confirmation(consortium):
    refused = consortium.run("learner", "erase", "s2", "--student", check=2)
    assert "Refusing to erase without confirmation. Pass --yes." in " ".join(refused.stderr.split())
    words = command("learner", "erase", "s2", "--student", home=consortium.home)
    shown = at_a_terminal(words, ["n"], (b"[y/N]: ",))
    assert "Jansen, born 2001-" in shown
    assert "This permanently destroys the personal data behind 1 credential." in shown
    assert learner_of(consortium, "s2")


def test_a_case_that_is_open_or_may_be_appealed_is_named_before_its_learner_is_erased(consortium):
    learner = learner_of(consortium, "s3")
    day = date.today() + timedelta(days=10)  # noqa: DTZ011 - a day on the office's calendar
    with open_node(consortium.home) as node:
        node.registry.cursor().execute(
            "INSERT INTO office.cases (id, file_number, learner, state, purpose, opened, appeal_until) VALUES"
            " (gen_random_uuid(), '2026-1', %(l)s, 'decided', 'admission', now(), %(day)s),"
            " (gen_random_uuid(), '2026-2', %(l)s, 'assessing', 'admission', now(), NULL),"
            " (gen_random_uuid(), '2026-3', %(l)s, 'decided', 'admission', now(), '2020-01-01'),"
            " (gen_random_uuid(), '2026-4', %(l)s, 'closed', 'admission', now(), %(day)s)",
            {"l": learner, "day": day},
        )
    refused = consortium.run("learner", "erase", learner, "--yes", check=2).stderr
    said = " ".join(refused.split())
    assert f"Case 2026-1 is decided and may be appealed until {day}. After the erasure nobody can write" in said
    assert "Case 2026-2 is open." in said
    assert "2026-3" not in said
    assert "2026-4" not in said
    one = ("learner", "erase", learner, "--yes", "--confirm-case", "2026-1")
    assert "1 case of this learner" in " ".join(consortium.run(*one, check=2).stderr.replace("│", " ").split())
    assert "no case of this learner" in consortium.run(*one, "--confirm-case", "2026-2", "--confirm-case", "2026-4",
                                                       check=2).stderr  # fmt: skip
    assert learner in consortium.run(*one, "--confirm-case", "2026-2").stdout


def test_numbers_and_names_are_read_from_the_input_where_they_are_not_to_be_seen(consortium):
    values = "s-hidden\nQuixwobble\nZephyrine\n2001-02-03\n"
    run_with_input(
        consortium, values, "credential", "issue", consortium.achievement, "--record", "hidden", "--student", "-",
        "--family-name", "-", "--given-name", "-", "--date-of-birth", "-", "--awarding-date", "2026-06-30",
    )  # fmt: skip
    consortium.run("views", "update")
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
        lost = consortium.run("import", "file", consortium.folder / "rows.csv", check=3)
    finally:
        file.write_bytes(content)
        file.chmod(0o600)
    assert "registry node restore" in " ".join(lost.stderr.split())


def test_the_master_key_is_replaced_while_nothing_else_changes(consortium):
    file = consortium.home / "keys" / "vault-master.key"
    before = file.read_bytes()
    credential = credential_of(consortium, "r5")
    said = consortium.run("vault", "rotate").stdout
    assert "new master key" in said
    assert file.read_bytes() != before
    assert "Jansen" in consortium.run("credential", "show", credential, "--claims").stdout
    again = printed_json(consortium.run("import", "file", consortium.folder / "rows.csv", "--json", check=False))
    assert again["unchanged"] >= 4


def test_a_weak_passphrase_makes_no_backup(consortium, tmp_path):
    weak = {"REGISTRY_BACKUP_PASSPHRASE": "a"}
    refused = consortium.run("node", "backup", tmp_path / "weak.backup", check=3, environment=weak)
    assert "too short: 1 of at least 12" in " ".join(refused.stderr.split())
    assert not (tmp_path / "weak.backup").exists()


def test_whom_the_log_says_was_erased_is_erased_again_when_a_backup_brings_them_back(consortium, tmp_path, postgres):
    learner = learner_of(consortium, "s6")
    file, passphrase = tmp_path / "twente.backup", {"REGISTRY_BACKUP_PASSPHRASE": "correct horse battery staple"}
    consortium.run("node", "backup", file, environment=passphrase)
    consortium.run("learner", "erase", learner, "--yes")
    home = tmp_path / "restored"
    words = ("node", "restore", file, "--home", home, "--to-database", postgres.dsn(consortium.name("back")))
    said = registry(*words, "--to-log", f"file:{tmp_path / 'log'}", environment=passphrase).stderr
    assert f"registry --home {home} vault forget-erased" in " ".join(said.split())
    with open_node(home) as node:
        assert node.registry.vault.read_learner(node.registry.cursor(), learner) is not None
    said = registry("log", "restore", f"file:{consortium.folder / 'log'}", home=home).stderr
    assert "1 learner whom this university has erased came back" in " ".join(said.split())
    with open_node(home) as node:
        assert node.registry.vault.read_learner(node.registry.cursor(), learner) is None
        assert ids.learner_of_student(node, "s5")
    assert "0 learners erased again" in registry("vault", "forget-erased", home=home).stdout


def test_files_with_personal_data_are_their_owners_alone_whatever_the_umask(consortium, tmp_path):
    before = os.umask(0)
    try:
        consortium.run(
            "node",
            "backup",
            tmp_path / "b.backup",
            environment={"REGISTRY_BACKUP_PASSPHRASE": "correct horse battery staple"},
        )
        last_error.note(consortium.home, "a test", RuntimeError("of it"))
        spool = BatchFileWriter(BatchFiles(tmp_path / "spool").path("00000000"), os.urandom(32))
        spool.close()
    finally:
        os.umask(before)
    files = [tmp_path / "b.backup", consortium.home / "last-error.json", *(tmp_path / "spool").iterdir()]
    files += [*(consortium.home / "keys").iterdir(), consortium.home / "registry.toml"]
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in files if file.stat().st_mode & 0o077} == {}
    assert (tmp_path / "spool").stat().st_mode & 0o077 == 0

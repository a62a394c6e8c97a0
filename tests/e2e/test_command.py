"""The `registry` command from an empty folder to an audit, as a university's people use it."""

import signal

import psycopg
import pytest

from registry.wire.disclosures import claims_digest
from tests.support.command import Consortium, printed_json, registry, started, until


@pytest.fixture
def consortium(tmp_path, postgres):
    return Consortium(tmp_path, postgres)


@pytest.fixture(scope="module")
def shared(tmp_path_factory, postgres):
    """One consortium for tests that change nothing in it."""
    return Consortium(tmp_path_factory.mktemp("shared"), postgres)


def issue(consortium, achievement, record="r1"):
    return consortium.run(
        "credential", "issue", achievement, "--record", record, "--student", "s1", "--family-name", "Jansen",
        "--given-name", "Ada", "--date-of-birth", "2001-02-03", "--awarding-date", "2026-06-30", "--grade", "9",
    )  # fmt: skip


def ids(done):
    words = done.stdout.split()
    return words[words.index("credential") + 1].rstrip(","), words[words.index("learner") + 1]


def test_from_founding_to_audit(consortium):
    achievement = consortium.offer()
    credential, learner = ids(issue(consortium, achievement))
    consortium.run("views", "update")
    record = printed_json(consortium.run("learner", "show", learner, "--json"))
    assert [c["credential"] for c in record["credentials"]] == [credential]
    assert record["ects"] == 5
    year = printed_json(consortium.run("university", "show", "twente", "--year", "2026", "--json"))
    assert year["awarded"][0]["issued"] == 1
    assert "9" in consortium.run("credential", "show", credential, "--claims").stdout
    consortium.run("credential", "suspend", credential, "--reason", "underReview")
    consortium.run("credential", "reinstate", credential)
    consortium.run("credential", "revoke", credential, "--reason", "issuedInError", "--yes")
    consortium.run("views", "update")
    assert printed_json(consortium.run("credential", "show", credential, "--json"))["status"] == "revoked"
    assert "Verified up to" in consortium.run("audit").stdout
    status = printed_json(consortium.run("status", "--json"))
    assert {s["lag"] for s in status["streams"]} == {0}
    assert "password" not in str(status["settings"]) or "***" in str(status["settings"])


def test_a_rebuild_changes_nothing_and_an_altered_view_is_found(consortium):
    achievement = consortium.offer()
    credential, _ = ids(issue(consortium, achievement))
    consortium.run("views", "update")
    consortium.run("views", "rebuild")
    assert "Verified up to" in consortium.run("audit").stdout
    with psycopg.connect(consortium.server.dsn(consortium.name("twente")), autocommit=True) as connection:
        connection.execute("UPDATE views.credentials SET status = 'revoked'")
    found = printed_json(consortium.run("audit", "--json", check=1))
    [fault] = found["faults"]
    assert (fault["kind"], fault["member"], fault["code"]) == ("views", "twente", "differ")
    assert any(credential in row for row in fault["evidence"])


def test_an_altered_byte_is_named_by_member_and_commit(consortium, tmp_path):
    achievement = consortium.offer()
    for number in range(3):
        issue(consortium, achievement, f"r{number}")
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in (tmp_path / "log").glob("*.log"):
        copy.joinpath(file.name).write_bytes(file.read_bytes())
    data = bytearray(copy.joinpath("twente.log").read_bytes())
    data[data.index(b'"ects":5', len(data) // 2) + 7] ^= 1
    copy.joinpath("twente.log").write_bytes(data)
    found = printed_json(consortium.run("audit", "--log", f"file:{copy}", "--json", check=1))
    assert {(f["member"], f["code"]) for f in found["faults"]} == {("twente", "not-an-extension")}
    assert found["faults"][0]["size"] is not None


def test_an_import_reports_bad_rows_and_issues_only_what_is_missing_after_correcting(consortium):
    achievement = consortium.offer()
    file = consortium.rows(achievement, 30)
    good = file.read_text()
    file.write_text(good.replace("r7," + achievement, "r7,nowhere").replace("s9,Jansen", "s9,=cmd()"))
    dry = printed_json(consortium.run("import", "file", file, "--dry-run", "--json", check=1))
    assert (dry["issued"], len(dry["problems"])) == (28, 2)
    assert {p["where"] for p in dry["problems"]} == {"line 9", "line 11"}
    first = printed_json(consortium.run("import", "file", file, "--json", "--no-publish", check=1))
    assert (first["issued"], first["unchanged"]) == (28, 0)
    file.write_text(good.replace("r3," + achievement, "r4," + achievement))
    dry = printed_json(consortium.run("import", "file", file, "--dry-run", "--json", check=1))
    assert (dry["issued"], dry["unchanged"]) == (2, 27)
    assert ["record-differs" in p["detail"] for p in dry["problems"]] == [True]
    file.write_text(good)
    second = printed_json(consortium.run("import", "file", file, "--json", "--no-publish"))
    assert (second["issued"], second["unchanged"]) == (2, 28)
    consortium.run("publish")
    consortium.run("views", "update")
    assert "Verified up to" in consortium.run("audit").stdout


def test_run_publishes_and_projects_what_others_store_and_ends_cleanly(consortium):
    achievement = consortium.offer()
    with started("run", home=consortium.home, says="is running") as running:
        second = consortium.run("run", check=4)
        assert "another" in (second.stdout + second.stderr).lower() or "writing" in second.stderr
        assert "sealed 1 leaves" in consortium.run("seal").stdout
        file = consortium.rows(achievement, 600)
        told = consortium.run("import", "file", file)  # beside a process that publishes, it is left to that
        assert "registry run" in told.stderr, told.stderr
        until(
            lambda: (
                printed_json(consortium.run("university", "show", "twente", "--year", "2026", "--json"))["size"] == 602
            )
        )
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 0
    assert "Verified up to" in consortium.run("audit").stdout


def test_postgresql_stopped_and_started_again_is_survived_without_loss(consortium):
    achievement = consortium.offer()
    with started("run", home=consortium.home, says="is running") as running:
        consortium.server.stop()
        away = consortium.run("learner", "show", "2afda2b4-a247-4f0f-aedd-e040beb58eab", check=4)
        assert "error" in away.stderr
        until((consortium.home / "last-error.json").exists)  # the node has noticed it, too
        consortium.server.start()
        consortium.run("import", "file", consortium.rows(achievement, 300), "--no-publish")
        until(
            lambda: (
                printed_json(consortium.run("university", "show", "twente", "--year", "2026", "--json"))["size"] == 301
            ),
            40,
        )
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert "Verified up to" in consortium.run("audit").stdout
    last = printed_json(consortium.run("status", "--json"))["last_error"]
    assert last["work"] in ("publishing", "projecting", "posting webhooks", "database", "health")


def test_a_refusal_names_the_credential_to_the_office_and_the_learner_only(consortium):
    achievement = consortium.offer()
    imported = consortium.run("import", "file", consortium.rows(achievement, 1))
    assert "1" in imported.stdout
    consortium.run("views", "update")
    learner = consortium.run("learner", "show", "--student", "s0", "--json")
    credential = printed_json(learner)["credentials"][0]["credential"]
    refused = consortium.run(
        "recognition", "decide", f"twente/{credential}", "--purpose", "admission", "--outcome", "refused",
        "--ground", "level:lowerLevel", "--considered", "partial:nothingComparable",
        "--considered", "conditional:noConditionSuffices", "--considered", "alternative:noAlternative",
    )  # fmt: skip
    decision = refused.stdout.split()[1]
    disclosure = refused.stdout.split("with this disclosure:")[1].split()[0]
    consortium.run("views", "update")
    [event] = [line for line in (consortium.folder / "log" / "twente.log").read_text().splitlines() if decision in line]
    assert credential not in event
    assert claims_digest([disclosure]) in event
    shown = consortium.run("recognition", "show", decision).stdout.replace("\n", "")
    assert f"about twente/{credential}" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["credential", "revoke", "no-id", "--reason", "issuedInError", "--yes"], 2, "UUID"),
        (
            ["credential", "revoke", "0bbac7a9-a411-4809-ad9e-534f483b7a03", "--reason", "issuedInError", "--yes"],
            1,
            "no credential",
        ),
        (["credential", "revoke", "0bbac7a9-a411-4809-ad9e-534f483b7a03", "--reason", "fraud"], 2, "is not one of"),
        (["achievement", "show", "0bbac7a9-a411-4809-ad9e-534f483b7a03"], 1, "has no achievement"),
        (["import", "file", "/nowhere.csv"], 2, "does not exist"),
        (["university", "show", "nowhere"], 1, "not a member"),
        (["university", "show", "twente", "--year", "99999"], 2, "less than or equal to 9998"),
        (["university", "show", "twente", "--year", "0"], 2, "greater than or equal to 1"),
        (["learner", "show", "0bbac7a9-a411-4809-ad9e-534f483b7a03", "--json"], 1, "No member has published anything"),
        (["recognition", "decide", "nonsense"], 2, "of at least 4 characters"),
        (["recognition", "show", "0bbac7a9-a411-4809-ad9e-534f483b7a03", "--json"], 1, "No such decision"),
        (["log", "verify", "nowhere", "--json"], 1, "not a member"),
        (["log", "quarantine", "show", "twente", "7", "--json"], 1, "Nothing of twente is quarantined"),
        (["log", "show", "governance", "99"], 1, "does not reach"),
        (["log", "list", "nowhere"], 4, "no stream"),
        (["recognition", "decide", "twente/0bbac7a9-a411-4809-ad9e-534f483b7a03"], 1, "is unknown here"),
        (["member", "admit", "x", "--key", "k", "--legal-name", "X", "--country", "NL"], 3, "consortium's own node"),
        (["audit", "--log", "ftp://x"], 2, "is not a log"),
    ],
)
def test_wrong_words_get_a_sentence_and_an_exit_code(shared, arguments, code, says):
    done = shared.run(*arguments, check=code)
    assert says in " ".join((done.stdout + done.stderr).replace("│", " ").split())


@pytest.mark.parametrize("content", ["{", "[]", '"text"', "", '{"kind":"zzz"}', '{"achievement":5}', "\0", "\ufeff{}"])
def test_a_file_that_is_no_achievement_is_said_with_its_name(shared, tmp_path, content):
    file = tmp_path / "wrong.json"
    file.write_text(content)
    assert "wrong.json" in shared.run("achievement", "publish", file, check=1).stderr


def test_what_is_not_of_its_type_is_told_by_what_belongs_there(shared, tmp_path):
    file, template = tmp_path / "odd.json", registry("import", "template", "achievement").stdout
    for old, new, says in (
        ("microCredential", "course", "$.kind: must be one of degree, microCredential, module, programme"),
        ('"0612"', '"IT"', "$.fieldsOfEducation[0]: must be 2 to 4 digits such as 0613"),
        ('"ects": 5', '"ects": "5"', "$.ects: must be a number or null, and is text"),
    ):
        assert old in template
        file.write_text(template.replace(old, new))
        assert says in " ".join(shared.run("achievement", "publish", file, check=1).stderr.split())


def test_an_achievement_with_a_blank_title_is_refused_with_its_place(shared, tmp_path):
    file = tmp_path / "blank.json"
    file.write_text(registry("import", "template", "achievement").stdout.replace("Data literacy", " "))
    assert "$.title.en: is empty" in shared.run("achievement", "publish", file, check=1).stderr


def test_commits_and_refused_records_can_be_read_by_programs(shared):
    commit = printed_json(shared.run("log", "show", "governance", "0", "--json"))
    assert commit["base"] == 0
    assert "consortium.founded.v1" in commit["events"][0]
    verified = printed_json(shared.run("log", "verify", "governance", "--json"))
    [newest] = printed_json(shared.run("log", "list", "governance", "--last", "1", "--json"))["items"]
    assert (verified["size"], verified["refused"]) == (newest["size"], [])
    with (shared.folder / "log" / "governance.log").open("ab") as file:
        file.write(b"x\n\n")
    found = printed_json(shared.run("log", "verify", "governance", "--json", check=1))
    assert [one["code"] for one in found["refused"]] == ["malformed"]


def test_control_characters_in_other_peoples_text_are_shown_and_not_obeyed(shared, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(b"re\x1b]0;pwned\x07cord,b\xff\n1,2\n")
    done = shared.run("import", "file", file, check=1)
    assert "\x1b" not in done.stderr
    assert "re\\x1b]0;pwned\\x07cord" in done.stderr


def test_settings_that_are_missing_or_wrong_are_named(tmp_path):
    nowhere = registry("status", home=tmp_path, check=3)
    assert "registry node init" in nowhere.stderr
    (tmp_path / "registry.toml").write_text(
        'consortium = "x.example"\nmember = "Twente!"\nfounded = "12"\nlog = "file:l"\n'
    )
    wrong = registry("status", home=tmp_path, check=3)
    for name in ("member", "founded", "database"):
        assert name in wrong.stderr


def test_keys_that_others_can_read_are_refused(consortium):
    (consortium.home / "keys" / "signing.pem").chmod(0o644)
    done = consortium.run("publish", check=3)
    assert "chmod 600" in done.stderr


def test_a_record_kept_by_hand_in_the_log_is_quarantined_and_explained(consortium, tmp_path):
    consortium.offer()
    with (tmp_path / "log" / "twente.log").open("ab") as file:
        file.write(b"test.example/twente\n1\nnonsense\n\nx\n\ny\n\n")
    consortium.run("views", "update")
    listed = printed_json(consortium.run("log", "quarantine", "list", "--json"))["items"]
    assert [q["code"] for q in listed] == ["malformed"]
    shown = consortium.run("log", "quarantine", "show", "twente", listed[0]["position"])
    assert "nonsense" in shown.stdout
    assert "three paragraphs" in shown.stderr


def test_a_member_that_was_admitted_and_has_published_nothing_holds_nobody_up(consortium):
    lund = consortium.join("lund")
    achievement = consortium.offer()
    consortium.run("import", "file", consortium.rows(achievement, 3))
    for home in (consortium.home, lund):
        registry("views", "update", home=home)
        registry("views", "rebuild", home=home)
        assert "Verified up to" in registry("audit", home=home).stdout
        status = printed_json(registry("status", "--json", home=home))
        assert {one["member"]: one["size"] for one in status["streams"]} == {"governance": 3, "lund": 0, "twente": 4}
        assert status["error"] is None


def test_views_whose_position_is_damaged_say_so_and_a_rebuild_mends_them(consortium):
    consortium.offer()
    consortium.run("views", "update")
    with psycopg.connect(consortium.server.dsn(consortium.name("twente")), autocommit=True) as connection:
        connection.execute("UPDATE views.positions SET hashes = '' WHERE member = 'twente'")
    said = consortium.run("views", "update", check=1).stderr
    assert "position of twente is damaged" in said
    assert "`registry views rebuild` makes the views again" in " ".join(said.split())
    consortium.run("views", "rebuild")
    assert consortium.run("status").stdout.startswith("Nothing is wrong.")

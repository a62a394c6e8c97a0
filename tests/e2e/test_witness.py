"""Witnesses from two terminals: each its own process over HTTP, and nodes that ask them."""

import contextlib
import json
import shutil
import socket

from registry.keys.keystore import Keystore
from registry.wire import commit
from registry.wire.merkle import Tree
from tests.support.command import Consortium, printed_json, registry, started, until
from tests.support.scraping import scrape


def free_port():
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def made(consortium, name, log):
    folder = consortium.folder / name
    key = registry(
        "witness", "init", folder, "--name", f"{name}.example", "--consortium", "test.example",
        "--founded", consortium.founded, "--log", f"file:{log}",
    ).stdout.strip()  # fmt: skip
    return folder, key, free_port()


def relies_on(consortium, witnesses, needed):
    file = consortium.home / "registry.toml"
    text = file.read_text() + f"witnesses_needed = {needed}\nmax_head_age_hours = 24\n"
    text += "".join(f'[[witness]]\nurl = "http://127.0.0.1:{port}"\nkey = "{key}"\n' for _, key, port in witnesses)
    file.write_text(text)


def test_heads_are_cosigned_and_receipts_carry_it(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    consortium.join("kaunas")  # which publishes nothing, and is in nobody's way
    consortium.run("import", "file", consortium.rows(consortium.offer(), 30))
    consortium.run("views", "update")
    witnesses = [made(consortium, name, tmp_path / "log") for name in ("w1", "w2")]
    relies_on(consortium, witnesses, 2)
    learner = consortium.run("learner", "show", "--student", "s3", "--json")
    credential = printed_json(learner)["credentials"][0]["credential"]
    file = tmp_path / "r.tlog-proof"
    early = consortium.run("receipt", "create", "credential", credential, "--out", file, check=1)
    assert "registry witness request" in early.stderr
    assert "no witness has cosigned" in consortium.run("status").stdout
    with contextlib.ExitStack() as running:
        for folder, _, port in witnesses:
            running.enter_context(started("witness", "run", folder, "--port", port, says="is running"))
        until(lambda: consortium.run("witness", "request", check=False).returncode == 0)
        consortium.run("receipt", "create", "credential", credential, "--out", file)
        items = printed_json(consortium.run("witness", "request", "--json"))["items"]
        nothing = [row for row in items if row["stream"] == "kaunas"]
        assert [(row["size"], row["error"]) for row in nothing] == [(0, None), (0, None)]
        assert all("has published nothing yet" in row["note"] for row in nothing)
    for hours, cosigned in ((24, 1), (1e-9, 0)):
        before = ["env", "REGISTRY_METRICS_PORT=0", f"REGISTRY_MAX_HEAD_AGE_HOURS={hours}"]
        with started("run", home=consortium.home, says="is running", seconds=60, before=before) as process:
            page = scrape(process.output.read_text())
            assert page.value("registry_cosigned", member="twente") == cosigned
            assert page.value("registry_cosigned", member="governance") == cosigned
            assert page.value("registry_cosigned", member="kaunas") is None
    keys = [option for _, key, _ in witnesses for option in ("--witness", key)]
    checked = printed_json(
        registry("receipt", "verify", file, "--founded", consortium.founded, *keys, "--json", check=5)
    )
    assert [one["witness"] for one in checked["cosigned"]] == ["w1.example", "w2.example"]
    assert [one["witness"] for one in checked["governance"]["cosigned"]] == ["w1.example", "w2.example"]
    assert checked["governance"]["cosigned_events"] == checked["governance"]["events"] == 3
    older_governance_is_not_taken(consortium, file, keys)
    consortium.run("receipt", "create", "consistency", "twente", 1, "--out", tmp_path / "grown.consistency")
    said = registry("receipt", "verify", tmp_path / "grown.consistency", "--founded", consortium.founded, *keys).stdout
    assert "the newer head was cosigned by w1.example" in said
    assert "Verified up to" in consortium.run("audit").stdout
    # Without their witnesses running, what was fetched still counts; who asks for a third learns which one is missing.
    _, stranger, _ = made(consortium, "w3", tmp_path / "log")
    refused = registry(
        "receipt", "verify", file, "--founded", consortium.founded, *keys, "--witness", stranger, check=5
    )
    assert "2 of 3 witnesses that are needed cosigned" in refused.stdout
    assert "w3.example did not" in refused.stdout


def test_a_member_whose_log_holds_nothing_that_counts_is_said_and_in_nobodys_way(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    consortium.join("kaunas")
    consortium.offer()
    (tmp_path / "log" / "kaunas.log").write_bytes(b"no commit\n\n")  # anybody may write there
    consortium.run("views", "update")
    folder, key, port = made(consortium, "w1", tmp_path / "log")
    relies_on(consortium, [(folder, key, port)], 1)
    with started("witness", "run", folder, "--port", port, says="is running"):
        until(lambda: consortium.run("witness", "request", check=False).returncode == 0)
        [row] = [
            row
            for row in printed_json(consortium.run("witness", "request", "--json"))["items"]
            if row["stream"] == "kaunas"
        ]
    assert (row["size"], row["error"]) == (0, None)
    assert "nothing on its log counts yet" in row["note"]


def test_a_cosignature_by_another_key_than_the_settings_name_is_not_reported_as_kept(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    consortium.offer()
    folder, _, port = made(consortium, "w1", tmp_path / "log")
    _, other, _ = made(consortium, "w2", tmp_path / "log")
    relies_on(consortium, [(folder, other, port)], 1)
    with started("witness", "run", folder, "--port", port, says="is running"):
        until(lambda: "has cosigned nothing" not in consortium.run("witness", "request", "--json", check=1).stdout)
        rows = printed_json(consortium.run("witness", "request", "--json", check=1))["items"]
    assert [(row["stream"], row["size"]) for row in rows] == [("governance", None), ("twente", None)]
    assert all("not cosigned by the key of w2.example" in row["error"] for row in rows)
    assert not list((consortium.home / "cosignatures").glob("*"))


def test_a_member_that_shows_two_histories_is_caught_and_named(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    consortium.run("import", "file", consortium.rows(consortium.offer(), 5))
    shutil.copytree(tmp_path / "log", tmp_path / "other-log")
    one = made(consortium, "w1", tmp_path / "log")
    two = made(consortium, "w2", tmp_path / "other-log")
    consortium.run("credential", "revoke", first(consortium), "--reason", "administrative", "--yes")
    (tmp_path / "other-log" / "twente.log").write_bytes(forked(consortium))
    relies_on(consortium, [one, two], 2)
    with (
        started("witness", "run", one[0], "--port", one[2], says="is running"),
        started("witness", "run", two[0], "--port", two[2], says="is running"),
    ):
        until(lambda: consortium.run("witness", "request", check=False).returncode is not None)
        until(lambda: "two histories" in registry("witness", "caught", two[0], check=False).stdout)
        caught = printed_json(registry("witness", "caught", two[0], "--json", check=1))["items"]
    assert caught[0]["origin"] == "test.example/twente"
    assert len(caught[0]["notes"]) == 2


def older_governance_is_not_taken(consortium, file, keys):
    """Who hands a receipt out may leave away what governance said last; not so where witnesses have seen it."""

    def refused(code=1):
        return registry("receipt", "verify", file, "--founded", consortium.founded, *keys, check=code).stdout

    log, head = file.parent / "governance.log", file.parent / "governance.checkpoint"
    whole, cosigned = log.read_bytes(), head.read_text()
    log.write_bytes(whole[: whole.index(b"\n\n", whole.index(b"{")) + 2])
    assert "3 events of governance, and here are 1" in refused()
    log.write_bytes(whole)
    head.write_text(cosigned.replace("\n3\n", "\n1\n", 1))
    assert "another governance" in refused()
    head.unlink()
    assert "is missing" in refused(5)
    head.write_text(cosigned)
    registry("receipt", "verify", file, "--founded", consortium.founded, *keys, "--max-age-hours", 1, check=5)


def first(consortium):
    consortium.run("views", "update")
    learner = consortium.run("learner", "show", "--student", "s1", "--json")
    return printed_json(learner)["credentials"][0]["credential"]


def forked(consortium):
    """The log as it was, continued in another way with the member's own key."""
    signer = Keystore(consortium.home / "keys").signer("signing", "test.example/twente")
    data = (consortium.folder / "other-log" / "twente.log").read_bytes()
    tree, out = Tree(), b""
    rest = data
    while rest:
        head, signatures, tail = rest.split(b"\n\n", 2)
        events, _, rest = tail.partition(b"\n\n")
        record = head + b"\n\n" + signatures + b"\n\n" + events + b"\n"
        tree = tree.extend(commit.parse(record).leaves())
        out += record + b"\n"
    last = commit.parse(record).lines[-1]
    other, _ = commit.sign_commit("test.example/twente", tree, [last, last], [signer])
    return out + other + b"\n"


def test_a_witness_notes_where_its_log_is_and_finds_it_from_every_folder(tmp_path):
    registry(
        "witness", "init", tmp_path / "w1", "--name", "w1.example", "--consortium", "test.example",
        "--founded", "ab" * 32, "--log", "file:../log",
    )  # fmt: skip
    settings = json.loads((tmp_path / "w1" / "witness.json").read_text())
    assert settings["log"] == f"file:{tmp_path}/log"

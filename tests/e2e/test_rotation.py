"""A member changes its signing key with one command, run again and again; a stolen key is retired by its short id."""

import json

import pytest

from tests.support.command import Consortium, printed_json, registry, started


@pytest.fixture
def consortium(tmp_path, postgres):
    made = Consortium(tmp_path, postgres)
    made.offer()
    return made


def keys(consortium, check=0):
    shown = printed_json(consortium.run("key", "show", "--json", check=check))
    return {key["use"]: key for key in shown["keys"]}


def decide(consortium, proposal):
    """Let governance sign and publish the proposal that the node has written."""
    [file] = consortium.home.glob(f"{proposal}-*.json")
    home = consortium.folder / "consortium"
    registry("governance", "sign", file, "--yes", home=home)
    registry("governance", "publish", file, home=home)
    return file


def test_each_run_does_a_step_says_what_it_waits_for_and_may_be_repeated(consortium):
    old = keys(consortium)["in_use"]
    first = consortium.run("key", "rotate").stdout
    assert "A new signing key was made" in first
    assert "registry governance sign add-key-" in first
    files = {path: path.read_bytes() for path in consortium.home.glob("add-key-*.json")}
    again = consortium.run("key", "rotate").stdout
    assert "was made" not in again
    assert {path: path.read_bytes() for path in consortium.home.glob("add-key-*.json")} == files
    assert keys(consortium)["in_use"] == old
    assert not keys(consortium)["next"]["counts"]
    new = keys(consortium)["next"]["key_id"]

    decide(consortium, "add-key")
    consortium.run("achievement", "publish", consortium.folder / "achievement.json", "--again")
    switched = consortium.run("key", "rotate").stdout
    assert f"lets {new} sign" in switched
    assert "registry governance sign retire-key-" in switched
    assert keys(consortium)["in_use"]["key_id"] == new
    assert keys(consortium)["former"]["vkey"] == old["vkey"]
    consortium.run("achievement", "publish", consortium.folder / "achievement.json", "--again")
    assert "was made" not in consortium.run("key", "rotate").stdout

    decide(consortium, "retire-key")
    assert "The change is complete" in consortium.run("key", "rotate").stdout
    assert keys(consortium)["retired"]["end"] is not None
    consortium.run("achievement", "publish", consortium.folder / "achievement.json", "--again")
    consortium.run("views", "update")
    assert printed_json(consortium.run("log", "quarantine", "list", "--json"))["items"] == []


def test_a_switch_that_was_interrupted_is_finished_by_the_next_run(consortium):
    consortium.run("key", "rotate")
    decide(consortium, "add-key")
    folder = consortium.home / "keys"
    old = keys(consortium)["in_use"]["key_id"]
    (folder / f"signing-{old}.pem").hardlink_to(folder / "signing.pem")
    new = keys(consortium)["next"]["key_id"]
    consortium.run("key", "rotate")
    assert keys(consortium)["in_use"]["key_id"] == new
    assert keys(consortium)["former"]["key_id"] == old
    assert not (folder / "signing-next.pem").exists()


def test_while_another_process_may_sign_by_the_old_key_it_is_not_retired(consortium):
    consortium.run("key", "rotate")
    decide(consortium, "add-key")
    with started("run", home=consortium.home, says="is running", seconds=90):
        said = consortium.run("key", "rotate").stdout
    assert "Restart it now; then: registry key rotate --restarted" in said
    assert not list(consortium.home.glob("retire-key-*.json"))
    consortium.run("key", "rotate")
    assert list(consortium.home.glob("retire-key-*.json"))


def test_a_stolen_key_is_retired_by_what_is_printed_and_a_new_one_takes_its_place(consortium):
    home = consortium.folder / "consortium"
    shown = printed_json(registry("governance", "show", "--json", home=home))["members"][0]["keys"]
    assert [key["vkey"] for key in shown] == [consortium.key.split(":")[0]]
    assert shown[0]["vkey"] in registry("governance", "show", home=home).stdout
    file = consortium.folder / "stolen.json"
    unknown = registry("governance", "propose", "retire-key", file, "twente", "00000000", "--reason", "compromised",
                       home=home, check=1)  # fmt: skip
    assert f"it has {shown[0]['key_id']}" in unknown.stderr
    beyond = registry("governance", "propose", "retire-key", file, "twente", shown[0]["key_id"], "--reason",
                      "compromised", "--head", 9, home=home, check=1)  # fmt: skip
    assert "only 1 event of the log of twente can be verified" in beyond.stderr
    registry("governance", "propose", "retire-key", file, "twente", shown[0]["key_id"], "--reason", "compromised",
             home=home)  # fmt: skip
    registry("governance", "sign", file, "--yes", home=home)
    registry("governance", "publish", file, home=home)
    assert keys(consortium, check=1)["in_use"]["end"] == 1
    consortium.run("key", "rotate")
    decide(consortium, "add-key")
    assert "The change is complete" in consortium.run("key", "rotate").stdout
    assert keys(consortium)["in_use"]["counts"]


def test_what_waits_or_did_not_count_is_published_by_the_new_key_before_the_change_is_complete(consortium):
    """The old key was retired in an emergency, and the node has signed one commit more by it."""
    home, file = consortium.folder / "consortium", consortium.folder / "stolen.json"
    consortium.run("views", "update")
    size = json.loads(consortium.run("status", "--json").stdout)["streams"][1]["size"]
    consortium.run("achievement", "publish", consortium.folder / "achievement.json", "--again")
    old = keys(consortium)["in_use"]["key_id"]
    registry("governance", "propose", "retire-key", file, "twente", old, "--reason", "compromised", "--head", size,
             home=home)  # fmt: skip
    registry("governance", "sign", file, "--yes", home=home)
    registry("governance", "publish", file, home=home)
    consortium.run("views", "update")
    assert "did not count (key-not-valid)" in " ".join(consortium.run("status", check=1).stdout.split())
    consortium.run("key", "rotate")
    decide(consortium, "add-key")
    said = consortium.run("key", "rotate").stdout
    assert "Published 1 event with the new key" in said
    assert said.index("Published 1 event") < said.index("The change is complete")
    consortium.run("views", "update")
    assert consortium.run("status").stdout.startswith("Nothing is wrong.")


def test_a_node_that_lost_its_key_gets_a_new_one(consortium):
    (consortium.home / "keys" / "signing.pem").unlink()
    lost = keys(consortium, check=1)
    assert list(lost) == ["not_here"]
    assert "it cannot sign now" in consortium.run("key", "rotate").stdout
    decide(consortium, "add-key")
    assert "signs with it from now on" in consortium.run("key", "rotate").stdout
    consortium.run("achievement", "publish", consortium.folder / "achievement.json", "--again")
    assert keys(consortium)["in_use"]["counts"]


def test_a_new_node_of_an_old_member_has_its_own_key_added(consortium):
    home = consortium.folder / "again"
    made = registry("node", "init", home, "--member", "twente", "--consortium", "test.example",
                    "--founded", consortium.founded,
                    "--database", consortium.server.dsn(consortium.name("again")))  # fmt: skip
    assert "twente is a member already" in made.stderr
    own = made.stdout.split()[-1].split("+")[1]
    assert f"twente+{own} sign" in registry("key", "rotate", home=home).stdout
    assert [path.name for path in home.glob("*-key-*.json")] == [f"add-key-{own}.json"]
    assert not (home / "keys" / "signing-next.pem").exists()


def test_an_encrypted_key_is_followed_by_an_encrypted_one(consortium):
    secret = {"REGISTRY_PASSPHRASE": "correct horse battery"}
    assert "NOT encrypted" in consortium.run("key", "rotate").stdout
    (consortium.home / "keys" / "signing-next.pem").unlink()
    assert "NOT encrypted" not in consortium.run("key", "rotate", environment=secret).stdout
    assert "ENCRYPTED" in (consortium.home / "keys" / "signing-next.pem").read_text()


def test_without_governance_nobody_can_tell_whether_a_key_counts(tmp_path, postgres):
    home = tmp_path / "porto"
    made = registry("node", "init", home, "--member", "porto", "--consortium", "test.example", "--founded", "ab" * 32,
                    "--database", postgres.dsn("rotation_1"))  # fmt: skip
    shown = json.loads(registry("key", "show", "--json", home=home, check=5).stdout)
    assert shown["keys"][0]["with_proof"] == made.stdout.split()[-1]
    assert "Only the consortium's founder founds" in registry("key", "rotate", home=home, check=4).stderr

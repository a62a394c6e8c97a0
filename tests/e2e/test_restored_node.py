"""A node whose database is older than its log, or empty, says so first, in every place where somebody looks."""

import contextlib

import httpx
import pytest

from tests.support.command import Consortium, printed_json, registry, started, until
from tests.support.served import ADDRESS

PASSPHRASE = {"REGISTRY_BACKUP_PASSPHRASE": "a passphrase of the backup"}
UNKNOWN = "the log of twente has a valid commit to entry 2 that this node's database does not know"


@pytest.fixture(scope="module")
def consortium(tmp_path_factory, postgres):
    made = Consortium(tmp_path_factory.mktemp("restored"), postgres)
    made.achievement = made.offer()
    made.backup = made.folder / "twente.backup"
    made.run("node", "backup", made.backup, environment=PASSPHRASE)
    made.run("achievement", "publish", made.folder / "achievement.json", "--again")
    made.run("views", "update")
    return made


@pytest.fixture(scope="module")
def restored(consortium):
    """The node as the backup has it, which was made before the newest commit; its views are up with the log."""
    home = consortium.folder / "twente-2"
    registry(
        "node", "restore", consortium.backup, "--home", home,
        "--to-database", consortium.server.dsn(consortium.name("second")), environment=PASSPHRASE,
    )  # fmt: skip
    registry("views", "update", home=home)
    return home


def told(done):
    return " ".join((done.stdout + done.stderr).split())


def test_the_status_of_a_node_from_an_old_backup_says_first_that_it_can_publish_nothing(restored):
    said = told(registry("status", home=restored, check=1))
    assert said.startswith(UNKNOWN), said
    assert "docs/repair.md" in said
    assert "Nothing is wrong" not in said
    shown = printed_json(registry("status", "--json", home=restored, check=1))
    assert not shown["ok"]
    assert list(shown["node"]["faults"]) == ["database"]
    assert UNKNOWN in told(registry("publish", home=restored, check=4))


def test_such_a_node_that_serves_is_not_ready_and_its_member_and_log_say_why(restored):
    with started("serve", "--port", 0, "--http-only", home=restored, says="answers at") as process:
        url = ADDRESS.search(process.output.read_text())[1]
        answers = []

        def looked():
            with contextlib.suppress(httpx.TransportError):  # its processes are still starting
                answers.append(httpx.get(f"{url}/ready", timeout=30).json())
            return bool(answers) and "database" in answers[-1].get("components", {})

        until(looked, 60, says=lambda: str(answers[-1:]))
        assert answers[-1]["components"]["database"][0].startswith(UNKNOWN)
        assert httpx.get(f"{url}/v1/members/twente", timeout=30).json()["faults"][0].startswith(UNKNOWN)


def test_a_running_node_whose_log_gets_commits_that_it_does_not_know_says_so(consortium, postgres):
    """Two nodes sign as one member, or a copy of the old one still runs."""
    home = consortium.folder / "copy"
    backup = consortium.folder / "newest.backup"
    consortium.run("node", "backup", backup, environment=PASSPHRASE)
    registry(
        "node", "restore", backup, "--home", home,
        "--to-database", postgres.dsn(consortium.name("copy")), environment=PASSPHRASE,
    )  # fmt: skip
    registry("views", "update", home=home)
    assert told(registry("status", home=home)).startswith("Nothing is wrong.")
    consortium.run("achievement", "publish", consortium.folder / "achievement.json", "--again")
    assert "that this node's database does not know" in told(registry("status", home=home, check=1))
    said = told(consortium.run("status"))
    assert said.startswith("Nothing is wrong."), said


def test_an_empty_database_is_asked_about_before_anything_else_is_blamed(consortium):
    """As where the setting `database` is misspelt, and an empty one was made."""
    file = consortium.home / "registry.toml"
    text = file.read_text()
    name = consortium.name("twente")
    file.write_text(text.replace(name, consortium.name("twnete")))
    try:
        consortium.server.dsn(consortium.name("twnete"))
        consortium.run("views", "update")
        said = told(consortium.run("status", check=1))
        assert said.startswith("the log of twente has a valid commit to entry 1 that this node's database does not"), (
            said
        )
        assert "Is the setting `database` right?" in said
        assert "does not count yet" not in said
        assert "were refused" not in said
    finally:
        file.write_text(text)
    assert told(consortium.run("status")).startswith("Nothing is wrong.")


def test_it_goes_on_where_the_consortium_retires_the_key_at_what_its_database_knows(consortium, restored):
    """The way out of docs/repair.md where no newer database exists: what came after exists for nobody then."""
    said = told(registry("status", home=restored, check=1))
    assert "What the database knows ends with entry 1." in said
    root, file = consortium.folder / "consortium", consortium.folder / "lost.json"
    whole = (consortium.folder / "log" / "twente.log").read_bytes()
    [key] = [k for k in printed_json(registry("key", "show", "--json", home=restored))["keys"] if k["use"] == "in_use"]
    registry("governance", "propose", "retire-key", file, "twente", key["key_id"], "--reason", "lost", "--head", 1,
             home=root)  # fmt: skip
    registry("governance", "sign", file, "--yes", home=root)
    registry("governance", "publish", file, home=root)
    registry("key", "rotate", home=restored)
    [added] = restored.glob("add-key-*.json")
    registry("governance", "sign", added, "--yes", home=root)
    registry("governance", "publish", added, home=root)
    assert "The change is complete" in told(registry("key", "rotate", home=restored))
    offered = registry("achievement", "publish", consortium.folder / "achievement.json", "--again", home=restored)
    assert "published 1 event; the log of twente has 2" in told(offered)
    registry("views", "update", home=restored)
    assert "Nothing is wrong." in told(registry("status", home=restored))
    assert (consortium.folder / "log" / "twente.log").read_bytes().startswith(whole)
    audited = ("audit", "--log", f"file:{consortium.folder / 'log'}", "--founded", consortium.founded)
    assert "twente: the record of its log that ends at 2 events is signed by no key" in told(
        registry(*audited, check=1)
    )

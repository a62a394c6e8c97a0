"""Making nodes: `node init` and `consortium create` succeed whole or leave nothing behind."""

import subprocess

import pytest

from tests.support.command import ROOT, Consortium, command, printed_json, registry

HASH = "ab" * 32


@pytest.fixture(scope="module")
def there(tmp_path_factory, postgres):
    """A consortium that all tests here share; each makes members with names of its own."""
    return Consortium(tmp_path_factory.mktemp("founding"), postgres)


def words(there, name, **changes):
    values = {
        "member": name, "consortium": "test.example", "founded": there.founded, "log": there.log,
        "database": there.server.dsn(there.name(name)),
    } | changes  # fmt: skip
    options = [word for option, value in values.items() for word in (f"--{option}", value)]
    return ["node", "init", there.folder / name, *options]


def init(there, name, *, check=True, **changes):
    return registry(*words(there, name, **changes), check=check)


def everything_in(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("changes", "code", "problem"),
    [
        ({"member": "Porto!"}, 2, "2 to 40 of a-z, 0-9 and '-'"),
        ({"member": "m"}, 2, "2 to 40 of a-z, 0-9 and '-'"),
        ({"member": "governance"}, 2, "the consortium's own log"),
        ({"consortium": "My Alliance"}, 2, "is not a domain name"),
        ({"founded": "9f2c"}, 2, "64 of 0-9 and a-f"),
        ({"log": "s3://bucket"}, 2, "is not a log"),
        ({"database": "mysql://here"}, 2, "postgresql://USER@HOST/NAME"),
        ({"database": "postgresql://here:none/x"}, 4, ""),
        ({"database": "postgresql://127.0.0.1:1/x"}, 4, ""),
        ({"founded": HASH}, 3, "another founding"),
        ({"consortium": "other.example"}, 3, "is of test.example, and the settings say other.example"),
    ],
)
def test_a_node_that_cannot_be_made_leaves_nothing(there, changes, code, problem):
    before = set(there.folder.iterdir())
    refused = init(there, "never", check=code, **changes)
    said = " ".join((refused.stdout + refused.stderr).replace("│", " ").split())
    assert problem in said
    if code == 3:
        assert "what the consortium gave you out of band" in said
        assert there.founded not in said, "nobody should copy it from the log that is in question"
    assert set(there.folder.iterdir()) == before


def test_after_a_try_that_failed_the_next_one_succeeds(there):
    init(there, "porto", check=4, database="postgresql://127.0.0.1:1/x")
    made = init(there, "porto").stdout.split()[-1]
    assert made.startswith("test.example/porto+")


def test_a_node_that_is_there_is_not_touched(there):
    before = everything_in(there.home)
    refused = init(there, "twente", check=3)
    assert "is a node already; nothing in it was changed" in refused.stderr
    assert everything_in(there.home) == before


def test_a_log_that_is_not_there_is_said_and_not_made(there):
    made = init(there, "early", log="file:../mounted-later")
    assert "no governance log" in made.stderr
    assert "Is the share mounted?" in made.stderr
    assert not (there.folder / "mounted-later").exists()


def test_an_empty_folder_becomes_a_node_and_stays_the_same_folder(there):
    home = there.folder / "empty"
    home.mkdir(mode=0o755)
    number = home.stat().st_ino
    init(there, "empty", check=4, database="postgresql://127.0.0.1:1/x")
    assert list(home.iterdir()) == []
    init(there, "empty")
    assert home.stat().st_ino == number


def test_a_database_of_its_own_that_was_begun_is_removed_where_the_node_is_not_made(there):
    init(there, "quoted", check=4, database='embedded:post"gres#registry')
    assert not (there.folder / "quoted").exists()


def test_nobody_else_can_read_a_node_whatever_the_umask(there):
    subprocess.run(command(*words(there, "open")), check=True, umask=0, cwd=ROOT, capture_output=True)
    home = there.folder / "open"
    for path in (home, *home.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_consortium_is_not_founded_on_a_log_that_has_one(there):
    refused = registry(
        "consortium", "create", there.folder / "second", "--consortium", "other.example", "--log", there.log,
        "--database", there.server.dsn(there.name("second")), check=3,
    )  # fmt: skip
    assert "holds governance of test.example already" in refused.stderr
    assert not (there.folder / "second").exists()


def test_a_founding_that_fails_leaves_no_keys_and_the_next_try_succeeds(tmp_path, postgres):
    (tmp_path / "file").write_text("no folder")
    home, database = tmp_path / "consortium", postgres.dsn("founding_1")
    for code, changes in (
        (4, ("--database", "postgresql://127.0.0.1:1/x")),
        (4, ("--log", "file:../file/log", "--database", database)),
        (2, ("--consortium", "My Alliance", "--database", database)),
    ):
        registry("consortium", "create", home, "--consortium", "test.example", *changes, check=code)
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
    registry("consortium", "create", home, "--consortium", "test.example", "--database", database)


def test_a_founder_hears_what_comes_next_and_what_is_dangerous(tmp_path, postgres):
    done = registry(
        "consortium", "create", tmp_path / "c", "--consortium", "test.example", "--database", postgres.dsn("founding_2")
    )
    assert "registry member admit" in done.stdout
    assert "NOT encrypted" in done.stderr
    assert "all 3 root keys are in" in done.stderr
    home = tmp_path / "c"
    members = printed_json(registry("governance", "show", "--json", home=home))
    assert members["threshold"] == 2
    assert len(members["root_keys"]) == 3

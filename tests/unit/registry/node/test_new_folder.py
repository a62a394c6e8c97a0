"""A node's new folder is there whole, or not at all, whatever breaks off the making."""

import errno

import pytest

from registry.node.new_folder import NewFolder
from registry.settings.settings import SettingsError

SETTINGS = {"consortium": "test.example", "database": 'postgresql://x/y?a="b"\n'}


@pytest.mark.parametrize("broken_off", [KeyboardInterrupt(), SystemExit(143), ValueError("any")])
@pytest.mark.parametrize("placed", [False, True])
@pytest.mark.parametrize("existed", [False, True])
def test_a_folder_whose_making_is_broken_off_leaves_nothing(tmp_path, broken_off, placed, existed):
    folder = tmp_path / "new" / "node"
    if existed:
        folder.mkdir(parents=True)

    def make():
        with NewFolder(folder) as new:
            (new.path / "keys").mkdir()
            (new.path / "keys" / "signing.pem").write_text("secret")
            if placed:
                new.place(SETTINGS)
                (folder / "postgres").mkdir()
            raise broken_off

    with pytest.raises(type(broken_off)):
        make()
    assert list(tmp_path.rglob("*")) == ([folder.parent, folder] if existed else [])


def test_a_full_disk_is_said_in_a_sentence(tmp_path):
    with (
        pytest.raises(SettingsError, match="No space left on device; nothing is left of it"),
        NewFolder(tmp_path / "x"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_else_made_at_the_place_meanwhile_stays(tmp_path):
    folder = tmp_path / "node"

    def make():
        with NewFolder(folder) as new:
            folder.mkdir()
            (folder / "theirs").write_text("theirs")
            new.place(SETTINGS)

    with pytest.raises(SettingsError):
        make()
    assert [path.name for path in tmp_path.rglob("*")] == ["node", "theirs"]


def test_a_folder_that_was_kept_stays_although_its_block_fails(tmp_path):
    def make():
        with NewFolder(tmp_path / "node") as new:
            new.place(SETTINGS)
            new.keep()
            raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        make()
    assert (tmp_path / "node" / "registry.toml").exists()


def test_what_a_killed_process_left_does_not_stand_in_the_way(tmp_path):
    folder = tmp_path / "node"
    (folder / ".new-node-x").mkdir(parents=True)
    with NewFolder(folder) as new:
        new.place(SETTINGS)
    assert (folder / "registry.toml").exists()

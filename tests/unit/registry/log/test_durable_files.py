"""Files that are whole or absent, and files for their owner alone."""

import os
import stat

import pytest

from registry.log.durable_files import PRIVATE, create_private_file, replace_file


@pytest.fixture
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize(("mode", "expected"), [(None, 0o666), (0o644, 0o644), (PRIVATE, 0o600)])
@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_whole_and_has_the_mode_that_was_asked_for(tmp_path, mode, expected, durable):
    file = tmp_path / "heads.json"
    file.write_bytes(b"a longer content than the next")
    replace_file(file, b"new", mode=mode, durable=durable)
    assert (file.read_bytes(), mode_of(file)) == (b"new", expected)
    assert [path.name for path in tmp_path.iterdir()] == ["heads.json"]


def test_a_file_that_cannot_be_replaced_leaves_nothing_else(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "content").touch()
    with pytest.raises(OSError, match="folder"):
        replace_file(folder, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.usefixtures("open_umask")
def test_a_private_file_is_new_and_its_owners_alone(tmp_path):
    file = tmp_path / "keys"
    with create_private_file(file) as out:
        out.write(b"secret")
    assert mode_of(file) == PRIVATE
    with pytest.raises(FileExistsError):
        create_private_file(file)
    assert file.read_bytes() == b"secret"

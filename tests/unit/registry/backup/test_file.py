"""A backup's file: what was written comes back, or the reader gets an error."""

import base64
import functools
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from registry.backup.file import BackupError, BackupWriter, DamagedBackup, WrongPassphrase, read_backup

PASSPHRASE = b"correct horse"
RANDOM = os.urandom(3_500_000)

BACKUP_OF_BEFORE = base64.b64decode(
    "cmVnaXN0cnkgYmFja3VwIDEKeyJzY3J5cHQiOnsibiI6MTMxMDcyLCJyIjo4LCJwIjoxLCJzYWx0IjoiMzY5ODYwMTMyZDc3MDkyNjY1MTUzOGJiMWJj"
    "ZmUxNzcifSwiY2h1bmsiOjMyLCJwcmVmaXgiOiIyN2NjOWQ2NmMxZDEzYSJ9CgAAADAR/6+HlTkKNO2XwR+GoqX2duHIGMd8KBEs1XMec19s0ij7U1cP"
    "WguwoFmUQ4keptAAAAAwQQGLdlC+ZucIfpuKt4J79tmPzg386uouc6POW3/o+mnfOxxB61iKUuxd437o1T3NAAAAGfeqrku2lJykzMq+S3tG7pJbWKvl"
    "zOcaPAg="
)
"""A backup of three chunks that an earlier version of this program wrote."""


@functools.cache
def derived(passphrase, *cost):
    return Scrypt(*cost).derive(passphrase)


@pytest.fixture(autouse=True)
def scrypt(monkeypatch):
    """Derive each key once: it takes half a second, and these tests read one file many times."""
    monkeypatch.setattr(
        "registry.backup.file.Scrypt",
        lambda *cost: SimpleNamespace(derive=lambda passphrase: derived(passphrase, *cost)),
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A backup of a few chunks."""
    path = tmp_path_factory.mktemp("backup") / "some.backup"
    with BackupWriter(path, PASSPHRASE) as writer:
        writer.begin_entry("one")
        writer.write(b"text " * 10_000)
        writer.begin_entry("two")
        writer.write(RANDOM)
    return path


@pytest.fixture
def file(written, tmp_path):
    """A copy of the backup, to be altered."""
    return Path(shutil.copy(written, tmp_path))


def chunks(data):
    """The head, and the chunks with their lengths."""
    head = data.index(b"\n", data.index(b"\n") + 1) + 1
    found, at = [], head
    while at < len(data):
        length = 4 + int.from_bytes(data[at : at + 4], "big")
        found.append(data[at : at + length])
        at += length
    return data[:head], found


def entire(path, passphrase=PASSPHRASE):
    return list(read_backup(path, passphrase))


def test_what_was_written_is_read_back(file):
    got = b"".join(data for name, data in read_backup(file, PASSPHRASE) if name == "two")
    assert got == RANDOM
    assert file.stat().st_mode & 0o077 == 0
    assert len(chunks(file.read_bytes())[1]) > 3


def test_a_backup_of_an_earlier_version_is_read(tmp_path):
    path = tmp_path / "before.backup"
    path.write_bytes(BACKUP_OF_BEFORE)
    assert entire(path) == [
        ("one", b""),
        ("one", b"some data of the first entry"),
        ("two", b""),
        ("two", b"other"),
    ]


def test_a_wrong_passphrase_opens_nothing(file):
    with pytest.raises(WrongPassphrase):
        entire(file, b"wrong")


def test_a_backup_cut_short_anywhere_is_found_out(file):
    head, parts = chunks(file.read_bytes())
    for kept in range(len(parts)):
        for extra in (b"", parts[kept][: len(parts[kept]) // 2]):
            file.write_bytes(head + b"".join(parts[:kept]) + extra)
            with pytest.raises(DamagedBackup, match="cut short"):
                entire(file)


def test_chunks_in_another_order_left_out_or_doubled_are_found_out(file):
    head, parts = chunks(file.read_bytes())
    for order in ([0, 2, 1, *range(3, len(parts))], [0, *range(2, len(parts))], [0, 1, 1, *range(2, len(parts))]):
        file.write_bytes(head + b"".join(parts[n] for n in order))
        with pytest.raises(DamagedBackup, match="moved"):
            entire(file)


def test_an_altered_chunk_a_longer_file_and_another_head_are_found_out(file):
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(DamagedBackup, match="altered"):
        entire(file)
    file.write_bytes(data + b"x")
    with pytest.raises(DamagedBackup, match="follow"):
        entire(file)
    file.write_bytes(data.replace(b'"n":131072', b'"n":999999', 1))
    with pytest.raises(DamagedBackup, match="head"):
        entire(file)
    file.write_bytes(b"hello\n" + data)
    with pytest.raises(DamagedBackup, match="not a backup"):
        entire(file)


def test_a_backup_is_never_overwritten_and_a_failed_one_leaves_no_file(file, tmp_path):
    with pytest.raises(BackupError, match="exists"):
        BackupWriter(file, PASSPHRASE)
    with pytest.raises(ZeroDivisionError):
        fail(tmp_path / "failed")
    assert not (tmp_path / "failed").exists()


def fail(path):
    with BackupWriter(path, PASSPHRASE) as writer:
        writer.begin_entry("one")
        raise ZeroDivisionError

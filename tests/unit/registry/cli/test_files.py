"""Files that commands write."""

import os
import stat
import threading
from pathlib import Path

from registry.cli.files import write_file


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"letter", 0o600)
    reader.join()
    assert read == [b"letter"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_file_that_is_replaced_gets_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "letter.pdf"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write_file(file, b"new", 0o600)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [file]

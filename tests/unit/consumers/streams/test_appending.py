"""A file that grows on a disk that takes no more."""

import resource

import pytest

from consumers.streams.appending import append_durably


@pytest.fixture
def small_files():
    """Let the kernel refuse to write more than 8 KiB into a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
def test_what_does_not_fit_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "heads.journal"
    append_durably(file, b"first\n")
    with pytest.raises(OSError, match="too large"):
        append_durably(file, b"x" * 10_000 + b"\n")
    assert file.read_bytes() == b"first\n"
    append_durably(file, b"second\n")
    assert file.read_bytes() == b"first\nsecond\n"

"""A batch's file on disk: read back as it was written, also by a later version of the program."""

import pytest

from registry.batches.batch_file import BatchFile, BatchFileWriter, DamagedBatchFile

KEY = bytes(range(32))
FILE_OF_BEFORE = bytes.fromhex("0000002567b3dc9336900b6d7a5b355c82d2308524a46f656e96545caa19dd8eff96b944e617c2bac6")
"""The file of a batch that an earlier version received, and that waited while the program was replaced."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "batch.rows"


def read(path, key=KEY):
    with BatchFile(path, key, "june.csv").open("rb") as file:
        return file.read()


def test_a_batch_that_waited_while_the_program_was_replaced_is_read(path):
    path.write_bytes(FILE_OF_BEFORE)
    assert read(path) == b"record;student\nr1;s1\n"


def test_lines_are_counted_however_they_end_and_wherever_they_are_cut(path):
    writer = BatchFileWriter(path, KEY)
    for piece in (b"a\r", b"\nb\n", b"c\r", b"", b"d\n"):
        writer.write(piece)
    writer.close()
    assert (writer.lines, writer.size) == (4, 9)
    assert read(path) == b"a\r\nb\nc\rd\n"


def test_a_damaged_file_names_the_batch_and_says_what_to_do(path):
    path.write_bytes(FILE_OF_BEFORE[:-1])
    with pytest.raises(DamagedBatchFile, match=r"the content of june\.csv is cut short in its chunk 0; send it again"):
        read(path)
    path.unlink()
    with pytest.raises(DamagedBatchFile, match="cannot be read: No such file"):
        read(path)
    path.write_bytes(FILE_OF_BEFORE)
    with pytest.raises(DamagedBatchFile, match=r"june\.csv was altered"):
        read(path, bytes(32))

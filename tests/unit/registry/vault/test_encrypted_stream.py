"""Encrypted streams: what was written is read back, and whatever else is in the file is refused."""

import io

import pytest

from registry.vault import encrypted_stream
from registry.vault.encrypted_stream import AlteredChunk, ChunkWriter, DamagedStream, StreamCipher, read_chunks

KEY = bytes(range(32))
CONTENT = b"0123456789abcdef" * 3 + b"end"
CHUNK = 16
HEAD = 4


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(encrypted_stream, "CHUNK_BYTES", CHUNK)


def encrypt(content=CONTENT, key=KEY, prefix=b"", associated=b""):
    """Return the chunks of a stream, each with its length."""
    chunks = []
    writer = ChunkWriter(StreamCipher(key, prefix, associated), chunks.append)
    for start in range(0, len(content), 7):
        writer.write(content[start : start + 7])
    writer.close()
    return chunks


def decrypt(data, key=KEY, prefix=b"", associated=b""):
    return b"".join(read_chunks(io.BytesIO(data), StreamCipher(key, prefix, associated), CHUNK))


@pytest.mark.parametrize("prefix", [b"", b"7 bytes"])
@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, len(CONTENT)])
def test_content_of_any_length_is_read_back(length, prefix):
    chunks = encrypt(CONTENT[:length], prefix=prefix, associated=b"head")
    assert len(chunks) == max(1, -(-length // CHUNK))
    assert decrypt(b"".join(chunks), prefix=prefix, associated=b"head") == CONTENT[:length]


def test_a_stream_cut_short_anywhere_is_refused():
    data = b"".join(encrypt())
    for length in range(len(data)):
        with pytest.raises(DamagedStream, match="cut short"):
            decrypt(data[:length])


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [0, 2, 3], [0, 0, 1, 2, 3], [0, 1, 2, 2, 3], [0, 3]])
def test_chunks_in_another_order_left_out_or_repeated_are_refused(order):
    chunks = encrypt()
    with pytest.raises(AlteredChunk, match="moved there from elsewhere"):
        decrypt(b"".join(chunks[number] for number in order))


def test_any_altered_byte_is_refused():
    data = b"".join(encrypt())
    for place in range(len(data)):
        altered = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(DamagedStream, match=r"altered|cut short"):
            decrypt(altered)


@pytest.mark.parametrize("other", [{"key": bytes(32)}, {"prefix": b"another"}, {"associated": b"another head"}])
def test_another_key_prefix_or_head_decrypts_nothing(other):
    with pytest.raises(AlteredChunk) as refused:
        decrypt(b"".join(encrypt()), **other)
    assert refused.value.number == 0


def test_bytes_after_the_last_chunk_are_refused():
    chunks = encrypt()
    for extra in (b"\0", chunks[0], chunks[-1]):
        with pytest.raises(DamagedStream, match="bytes follow its last chunk"):
            decrypt(b"".join(chunks) + extra)


@pytest.mark.parametrize("length", [0, 15, CHUNK + 17, 2**32 - 1])
def test_a_length_that_no_chunk_has_is_refused_before_anything_is_read(length):
    with pytest.raises(DamagedStream, match="impossible length"):
        decrypt(length.to_bytes(HEAD, "big") + bytes(64))

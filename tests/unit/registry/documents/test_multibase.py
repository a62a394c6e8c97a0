import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.documents import multibase


@given(st.binary(max_size=80))
def test_what_is_encoded_is_decoded_to_the_same_bytes(data):
    assert multibase.decode(multibase.encode(data)) == data


@pytest.mark.parametrize("text", ["", "f00", "z0", "zIl", "u!", "z" + "1" * 1_000])
def test_other_texts_are_refused(text):
    with pytest.raises(multibase.MalformedMultibase):
        multibase.decode(text)

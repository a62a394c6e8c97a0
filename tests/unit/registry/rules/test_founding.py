"""A log is the consortium's if it begins with the founding that the settings name."""

import pytest

from registry.rules.founding import LOOKED_AT, foreign
from tests.support.streams import CONSORTIUM, Consortium

OURS = Consortium("twente")
AGAIN = Consortium("twente")
"""The same name, founded by others."""
TWENTE = OURS.universities["twente"]
TWENTE.seal(TWENTE.publish()[1])
HEAD = OURS.records[0].split(b"\n\n")[0] + b"\n"


def told(*records, consortium=CONSORTIUM):
    return foreign(records, consortium, OURS.founded)


def test_the_log_that_the_settings_name_is_no_foreign_one():
    assert told(*OURS.records) is None


def test_an_empty_log_is_no_foreign_one():
    assert told() is None


def test_garbage_and_another_founding_in_front_of_the_own_one_change_nothing():
    assert told(b"garbage", *AGAIN.records, *OURS.records) is None


@pytest.mark.parametrize(
    "record", [TWENTE.records[0], TWENTE.records[0].split(b"\n\n")[0] + b"\n"], ids=["commit", "its head alone"]
)
def test_a_log_of_another_origin_is_named(record):
    message = told(b"\xff", record)
    assert message.startswith(f"this log is of {CONSORTIUM}/twente, and the settings say {CONSORTIUM}. Compare")


def test_a_log_of_another_founding_names_the_hash_of_the_settings_and_not_its_own():
    message = told(*AGAIN.records)
    assert message.startswith(f"this log is of another founding of {CONSORTIUM}")
    assert OURS.founded.hex() in message
    assert AGAIN.founded.hex() not in message


@pytest.mark.parametrize(
    "records",
    [[b"garbage"], [HEAD], [b"garbage"] * LOOKED_AT + OURS.records],
    ids=["garbage", "the head of a founding", "the founding behind what is looked at"],
)
def test_a_log_without_a_founding_at_its_beginning_is_to_be_restored(records):
    message = told(*records)
    assert message.startswith(f"governance on this log does not begin with the founding of {CONSORTIUM}")
    assert message.endswith("restore the log from another copy")

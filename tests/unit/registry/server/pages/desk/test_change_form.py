"""The form that changes the status of credentials: what it accepts, and what it would do."""

from typing import get_args

import msgspec
import pytest

from registry.http import HttpProblem
from registry.server.pages.desk.change_form import (
    MAX_CHOSEN,
    MAX_OF_FILTER,
    REASONS,
    effect_of,
    read_chosen,
    read_order,
)
from registry.wire.credentials import StatusReason

FIRST = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
SECOND = "1bbac7a9-a411-4809-ad9e-534f483b7a03"


def order(**typed):
    return read_order({"do": "revoke", "credentials": FIRST, "reason": "withheld", **typed})


def faults(call):
    with pytest.raises(HttpProblem) as raised:
        call()
    return {fault.field for fault in raised.value.errors}


def test_each_credential_is_chosen_once_however_it_is_written():
    chosen = read_chosen("suspend", [FIRST.upper(), FIRST, f" {SECOND} ", ""])
    assert chosen.credentials == [FIRST, SECOND]


def test_too_many_and_what_is_no_id_are_refused():
    many = [f"00000000-0000-4000-8000-{number:012}" for number in range(MAX_CHOSEN + 1)]
    assert faults(lambda: read_chosen("revoke", many)) == {"credential"}
    assert faults(lambda: read_chosen("revoke", ["'; DROP"])) == {"credential"}
    assert faults(lambda: read_chosen("burn", [FIRST])) == {"do"}


def test_a_form_may_have_more_than_can_be_chosen_one_by_one_up_to_the_limit_of_a_filter():
    many = [f"00000000-0000-4000-8000-{number:012}" for number in range(MAX_OF_FILTER + 1)]
    assert len(order(credentials=",".join(many[:-1])).chosen.credentials) == MAX_OF_FILTER
    assert faults(lambda: order(credentials=",".join(many))) == {"credential"}


def test_an_order_becomes_rows_of_a_batch_with_one_reason():
    rows = [
        msgspec.json.decode(line) for line in order(credentials=f"{FIRST},{SECOND}", note="Ours").rows().splitlines()
    ]
    assert rows == [
        {"credential": each, "change": "revoke", "reason": "withheld", "note": "Ours"} for each in (FIRST, SECOND)
    ]


def test_a_reinstatement_has_no_reason_whatever_was_typed():
    assert order(do="reinstate").reason == ""
    assert b"reason" not in order(do="reinstate").rows()


def test_all_faults_are_told_at_once():
    assert faults(lambda: order(credentials="", reason="fraud", note="=1+1")) == {"credential", "reason", "note"}
    assert faults(lambda: order(note="x" * 2001)) == {"note"}
    assert faults(lambda: order(reason="underReview")) == {"reason"}  # a revocation is no review


def test_every_reason_of_the_log_can_be_chosen_for_some_change():
    offered = {reason for reasons in REASONS.values() for reason in reasons}
    assert offered == set(get_args(StatusReason))


@pytest.mark.parametrize(
    ("change", "status", "effect"),
    [
        ("suspend", "active", "changes"),
        ("suspend", "suspended", "unchanged"),
        ("suspend", "revoked", "impossible"),
        ("reinstate", "suspended", "changes"),
        ("reinstate", "active", "unchanged"),
        ("reinstate", "replaced", "impossible"),
        ("revoke", "active", "changes"),
        ("revoke", "suspended", "changes"),
        ("revoke", "revoked", "unchanged"),
        ("revoke", "replaced", "impossible"),
    ],
)
def test_the_effect_of_a_change_follows_from_the_status(change, status, effect):
    assert effect_of(change, status) == effect

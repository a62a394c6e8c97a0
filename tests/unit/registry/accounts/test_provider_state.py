from datetime import UTC, datetime, timedelta

import pytest

from registry.accounts.errors import ProviderFault
from registry.accounts.provider_state import begin_attempt, is_of, resume_attempt

NOW = datetime(2026, 4, 30, 9, tzinfo=UTC)


def test_an_attempt_goes_on_in_its_browser_with_the_same_nonce_and_verifier():
    attempt = begin_attempt("secret", NOW)
    again = resume_attempt("secret", attempt.state, NOW + timedelta(minutes=9))
    assert (again.nonce, again.verifier) == (attempt.nonce, attempt.verifier)
    assert len({attempt.state, attempt.nonce, attempt.verifier}) == 3
    assert begin_attempt("secret", NOW).verifier != attempt.verifier
    assert 43 <= len(attempt.verifier) <= 128  # RFC 7636


@pytest.mark.parametrize(
    ("secret", "minutes", "code"),
    [("other", 1, "other-browser"), ("", 1, "other-browser"), ("secret", 11, "too-late"), ("secret", -1, "too-late")],
)
def test_an_answer_in_another_browser_or_too_late_is_refused(secret, minutes, code):
    state = begin_attempt("secret", NOW).state
    with pytest.raises(ProviderFault) as fault:
        resume_attempt(secret, state, NOW + timedelta(minutes=minutes))
    assert fault.value.code == code


@pytest.mark.parametrize("state", ["", ".", "x.y.z", "é.é.é", "0" * 1000, "1.x."])
def test_what_is_no_state_is_of_no_browser(state):
    assert not is_of("secret", state)
    assert not is_of(None, state)

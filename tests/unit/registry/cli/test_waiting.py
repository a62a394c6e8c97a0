"""Why stored events wait, as the node says it."""

from datetime import UTC, datetime, timedelta

from registry.log import LogRefused, LogUnavailable
from registry.node.health import last_error
from registry.node.health.waiting import explain_stopped_publisher, is_refused

SINCE = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_the_key_is_named_where_it_is_the_reason_and_a_stopped_process_only_where_nothing_else_is_known(tmp_path):
    hint = "is `registry run` or `registry serve` running?"
    assert explain_stopped_publisher(tmp_path, 1, SINCE, by_key=False) == (
        f"1 stored event waits to be published since 2026-05-04 12:00 UTC; {hint}"
    )
    by_key = explain_stopped_publisher(tmp_path, 1_200, SINCE, by_key=True)
    assert by_key.startswith("1,200 stored events wait to be published since 2026-05-04 12:00 UTC: ")
    assert "this node's signing key, which does not count" in by_key
    assert hint not in by_key
    last_error.note(tmp_path, "publishing", ValueError("the log is away"))
    assert explain_stopped_publisher(tmp_path, 1, SINCE, by_key=False).endswith("UTC: ValueError: the log is away")


def test_what_the_access_list_refuses_is_a_fault_at_once_that_names_the_missing_right(tmp_path):
    now = datetime.now(UTC)
    assert not is_refused(tmp_path, now)
    last_error.note(tmp_path, "publishing", LogUnavailable("no answer"))
    assert not is_refused(tmp_path, now)
    last_error.note(tmp_path, "publishing", LogRefused("User:twente needs the access list's entry to Write"))
    assert is_refused(tmp_path, now)
    assert not is_refused(tmp_path, now + timedelta(hours=1))
    said = explain_stopped_publisher(tmp_path, 1, now.replace(microsecond=0), by_key=False)
    assert said.endswith("UTC: LogRefused: User:twente needs the access list's entry to Write")

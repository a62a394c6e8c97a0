"""The loop of every service: when it tries again, when it ends, and how long it pauses. No test waits."""

import errno
import threading

import psycopg
import pytest
from eventsourcing.persistence import InterfaceError, OperationalError

from registry.log import LogUnavailable
from registry.postgres.programs import DatabaseUnavailable
from registry.supervision import RETRY_SECONDS, TRANSIENT_ERRORS, supervise

AWAY = psycopg.OperationalError("the connection is lost")


class Clock:
    """An end that comes after a number of pauses, which it notes instead of waiting."""

    def __init__(self, pauses=100):
        self.left = pauses
        self.pauses = []

    def is_set(self):
        return self.left == 0

    def wait(self, timeout=None):
        self.pauses.append(timeout)
        self.left -= 1
        return self.is_set()


class Work:
    """Does one act of a list at each call: an error is raised, anything else means that it went well."""

    def __init__(self, *acts):
        self.acts = list(acts)

    def __call__(self):
        act = self.acts.pop(0)
        if isinstance(act, Exception):
            raise act


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        OperationalError("the pool is empty"),
        InterfaceError("the connection is closed"),
        DatabaseUnavailable("PostgreSQL does not start", "in /srv", "See its log."),
        LogUnavailable("no broker answers"),
        OSError(errno.ENOSPC, "No space left on device"),
        ConnectionResetError(),
    ],
)
def test_what_is_temporarily_unavailable_is_tried_again(error):
    clock, work, errors = Clock(), Work(error, error, None), []
    supervise("projecting", work, clock, on_error=errors.append)
    assert work.acts == []
    assert errors == [error, error]
    assert clock.pauses == [RETRY_SECONDS, RETRY_SECONDS]


def test_every_transient_error_is_an_exception_of_its_own():
    assert len({*TRANSIENT_ERRORS}) == len(TRANSIENT_ERRORS)
    assert all(issubclass(kind, Exception) for kind in TRANSIENT_ERRORS)


def test_a_fault_of_the_software_ends_the_service():
    clock, errors = Clock(), []
    with pytest.raises(KeyError):
        supervise("projecting", Work(KeyError("member")), clock, on_error=errors.append)
    assert (clock.pauses, errors) == ([], [])


def test_a_service_that_survives_faults_goes_on():
    clock, errors = Clock(pauses=3), []
    work = Work(KeyError("member"), None, AWAY, None)
    supervise("housekeeping", work, clock, pause_seconds=60.0, survives_faults=True, on_error=errors.append)
    assert [type(error) for error in errors] == [KeyError, psycopg.OperationalError]
    assert clock.pauses == [RETRY_SECONDS, 60.0, RETRY_SECONDS]
    assert len(work.acts) == 1  # the end came before the last act


def test_an_error_of_the_service_s_own_is_tried_again_where_it_is_named():
    class Busy(Exception):
        pass

    supervise("publishing", work := Work(Busy(), None), Clock(), also=(Busy,))
    assert work.acts == []
    with pytest.raises(Busy):
        supervise("publishing", Work(Busy()), Clock())


def test_a_service_that_could_not_start_raises_even_what_passes_by_itself():
    with pytest.raises(psycopg.OperationalError):
        supervise("publishing", Work(AWAY), Clock(), retries=lambda: False)
    with pytest.raises(KeyError):
        supervise("publishing", Work(KeyError()), Clock(), retries=lambda: False, survives_faults=True)


def test_work_that_ends_by_itself_ends_the_loop():
    work = Work(None, None)
    supervise("posting", work, clock := Clock())
    assert (len(work.acts), clock.pauses) == (1, [])


def test_nothing_is_done_after_the_end():
    stop = threading.Event()
    stop.set()
    supervise("posting", Work(), stop)


def test_a_pause_may_be_another_than_waiting_for_the_end():
    waited, clock = [], Clock()

    def wait(seconds):
        waited.append(seconds)
        clock.left = 0 if len(waited) == 2 else clock.left

    supervise("fetching", Work(AWAY, None), clock, pause_seconds=600.0, retry_seconds=5.0, wait=wait)
    assert waited == [5.0, 600.0]
    assert clock.pauses == []

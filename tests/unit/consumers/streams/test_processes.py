"""Work in processes: what comes back, and that no process is left, however the work ends."""

import multiprocessing
import os
import signal
import threading

import pytest

from consumers.streams.processes import WorkerLost, hold_signals, run_in_processes
from tests.support.command import until


@pytest.fixture(autouse=True)
def no_process_left():
    others = multiprocessing.active_children()
    yield
    assert [process for process in multiprocessing.active_children() if process not in others] == []


def square(report, number):
    report("squaring", number)
    return number * number


def refuse_three(report, number):
    report(number)
    if number == 3:
        raise LookupError("three")
    return number


def die(report, number):
    del report, number
    os.kill(os.getpid(), signal.SIGKILL)


def wait_long(report):
    report()
    threading.Event().wait(600)


def test_every_result_and_every_report_comes_back():
    reports = []
    results = run_in_processes(square, [(n,) for n in range(7)], 2, lambda *report: reports.append(report))
    assert sorted(results) == [n * n for n in range(7)]
    assert sorted(reports) == [("squaring", n) for n in range(7)]


def test_what_a_worker_raises_is_raised_here():
    with pytest.raises(LookupError, match="three"):
        run_in_processes(refuse_three, [(n,) for n in range(20)], 2, lambda _: None)


def test_a_worker_that_was_killed_is_not_waited_for():
    with pytest.raises(WorkerLost, match="run the command again"):
        run_in_processes(die, [(1,), (2,)], 2, lambda _: None)


def test_workers_end_with_the_work_that_is_interrupted():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_in_processes(wait_long, [(), ()], 2, interrupt)


def test_a_signal_waits_for_the_end_of_the_block_and_is_not_lost():
    steps = []
    before = signal.signal(signal.SIGTERM, lambda *_: steps.append("signal"))
    try:
        with hold_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("end of the block")
        until(lambda: len(steps) == 2, 10)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert steps == ["end of the block", "signal"]


def test_work_of_another_thread_is_done_as_well():
    results = []
    thread = threading.Thread(target=lambda: results.extend(run_in_processes(square, [(3,)], 1, lambda *_: None)))
    thread.start()
    thread.join(60)
    assert results == [9]

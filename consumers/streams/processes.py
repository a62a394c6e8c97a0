"""Work spread over processes of this machine, which end with the process that started them."""

import logging
import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.queues import Queue
from types import FrameType
from typing import Any, Final

import structlog

_LOOK_SECONDS: Final = 1.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

Report = Callable[..., None]
"""Sends how far the work has come to the process that waits for it."""


class WorkerLost(RuntimeError):
    """A worker process died; what it had committed stays."""


def run_in_processes(
    work: Callable[..., Any],
    jobs: Sequence[tuple[Any, ...]],
    workers: int,
    on_report: Callable[..., None],
) -> list[Any]:
    """Run `work(report, *job)` for each job in `workers` processes; return the results in any order.

    `work` is a function of a module. What it reports arrives at `on_report`, what it raises is raised here. However
    this ends, by Ctrl-C and SIGTERM too, no worker outlives it and none prints a traceback.

    Raises `WorkerLost`.
    """
    context = multiprocessing.get_context("spawn")
    with hold_signals():
        waiting: Queue[Any] = context.Queue()
        messages: Queue[Any] = context.Queue()
    for job in jobs:
        waiting.put(job)
    for _ in range(workers):
        waiting.put(None)
    processes = [
        context.Process(target=_serve, args=(work, waiting, messages), name=f"worker-{number}", daemon=True)
        for number in range(workers)
    ]
    results: list[Any] = []
    try:
        for process in processes:
            with hold_signals():
                process.start()
        while len(results) < len(jobs):
            try:
                kind, content = messages.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                # A worker that was killed sends nothing any more.
                if any(process.exitcode for process in processes):
                    raise WorkerLost("a worker process has died; run the command again") from None
                continue
            if kind == "report":
                on_report(*content)
            elif kind == "done":
                results.append(content)
            else:
                raise content
    finally:
        with hold_signals():
            _end(processes, complete=len(results) == len(jobs))
            waiting.close()
            waiting.cancel_join_thread()
            messages.close()
            # Release their semaphores here, while signals wait, so that Ctrl-C cannot interrupt it.
            del waiting, messages
    return results


def _end(processes: Sequence[Any], *, complete: bool) -> None:
    for process in processes:
        if process.pid is not None:
            if not complete:
                process.terminate()
            process.join()


def _serve(work: Callable[..., Any], waiting: "Queue[Any]", messages: "Queue[Any]") -> None:
    """Do jobs until none is left. A worker logs nothing: it reports to the process that waits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        while (job := waiting.get()) is not None:
            messages.put(("done", work(lambda *content: messages.put(("report", content)), *job)))
    except Exception as error:  # noqa: BLE001 - raised again in the process that waits
        messages.put(("failed", error))


@contextmanager
def hold_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the end of the block, which must be short.

    A process that is started inside never receives SIGINT: Ctrl-C is meant for the process that waits, which ends the
    others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted by signals
        return
    received: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        del frame
        received.append(number)

    before = {number: signal.signal(number, remember) for number in _SIGNALS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])

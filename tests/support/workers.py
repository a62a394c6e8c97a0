"""Which tests share a worker under pytest-xdist: those of one file, and all that need the Kafka broker."""

import pytest

KAFKA = "kafka"
"""Tests with this word in their id share one broker."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """One worker for each file, whose fixtures are then made once; the largest files first.

    Not by the mark `xdist_group`: pytest-xdist 3.8 writes that where pytest 9.2 no longer reads it.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling  # noqa: PLC0415 - there is no xdist where it is not asked for

    class Shared(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return KAFKA if KAFKA in nodeid else nodeid.partition("::")[0]

    return Shared(config, log)

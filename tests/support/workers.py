"""Which tests share a worker under pytest-xdist: those that share something costly to start."""

import pytest

SHARED = {"kafka": "kafka", "tests/http/": "http"}
"""What stands in a test's id, and the group that it makes it belong to: one broker, one serving node."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """One worker for each group; the other tests as `loadgroup` has them.

    Not by the mark `xdist_group`: pytest-xdist 3.8 writes that where pytest 9.2 no longer reads it.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling  # noqa: PLC0415 - there is no xdist where it is not asked for

    class Shared(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            groups = [group for part, group in SHARED.items() if part in nodeid]
            return groups[0] if groups else super()._split_scope(nodeid)

    return Shared(config, log)

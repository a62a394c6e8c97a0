"""The use of connections to the views in a process that answers, measured every few seconds."""

import threading
from typing import TYPE_CHECKING, Final

from projections.api.reading import Views
from registry.supervision import supervise

if TYPE_CHECKING:
    from registry.metrics.instruments import Instruments

_SECONDS: Final = 2.0


def follow_pool(views: Views, instruments: "Instruments", stop: threading.Event) -> None:
    """Start the thread that measures the pool, until `stop` is set."""

    def note() -> None:
        instruments.note_pool(*views.pool_use())

    def follow() -> None:
        supervise("measuring the connection pool", note, stop, pause_seconds=_SECONDS)

    threading.Thread(target=follow, name="pool-use", daemon=True).start()

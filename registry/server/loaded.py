"""Loads what the processes of a node need, in the process from which they are forked (`registry.server.processes`)."""

import gc
import signal
from importlib import import_module

from registry.server.processes import LOADED

# It ends when those that it forks for have ended: they outlive a closed terminal, and end in their own time.
for ignored in (signal.SIGHUP, signal.SIGTERM):
    signal.signal(ignored, signal.SIG_IGN)

for name in LOADED:
    import_module(name)
gc.freeze()  # what is loaded stays shared: no process looks through it for garbage

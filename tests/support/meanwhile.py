"""Something that another thread does between the checks of a transaction and its storing."""

from concurrent.futures import ThreadPoolExecutor


def meanwhile(monkeypatch, registry, act):
    """Let `act` happen once, after the next transaction of a registry was checked and before it is stored."""
    insert = registry.recorder.insert_events

    def late(*arguments, **more):
        monkeypatch.undo()
        with ThreadPoolExecutor(1) as another:
            another.submit(act).result()
        return insert(*arguments, **more)

    monkeypatch.setattr(registry.recorder, "insert_events", late)

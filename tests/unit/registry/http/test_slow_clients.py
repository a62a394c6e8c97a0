"""The parts of uvicorn's protocol that its interface does not promise, and that `slow_clients` builds on."""

import inspect

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from registry.http.slow_clients import TimeoutProtocol

METHODS = {
    "_get_upgrade": ["self"],
    "_start_asgi_task": ["self", "cycle", "app"],
    "on_body": ["self", "body"],
    "on_headers_complete": ["self"],
    "on_message_begin": ["self"],
    "on_message_complete": ["self"],
    "on_response_complete": ["self"],
    "send_400_response": ["self", "msg"],
    "timeout_keep_alive_handler": ["self"],
}
OF_A_PROTOCOL = {"client", "cycle", "headers", "loop", "parser", "pipeline", "scope", "transport", "url"}
OF_A_REQUEST = {
    "disconnected", "keep_alive", "message_event", "more_body", "response_complete", "response_started", "transport",
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_uvicorn_still_has_the_methods_that_are_overridden(name):
    assert list(inspect.signature(getattr(HttpToolsProtocol, name)).parameters) == METHODS[name]
    assert issubclass(TimeoutProtocol, HttpToolsProtocol)


@pytest.mark.parametrize(("kind", "names"), [(HttpToolsProtocol, OF_A_PROTOCOL), (RequestResponseCycle, OF_A_REQUEST)])
def test_uvicorn_still_has_the_attributes_that_are_read_or_set(kind, names):
    source = inspect.getsource(kind)
    assert {name for name in names if f"self.{name}:" not in source and f"self.{name} =" not in source} == set()

"""A client of witnesses: reads what they have cosigned, and has heads cosigned (C2SP tlog-witness)."""

import base64
from collections.abc import Callable

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from consumers.witness.cosignatures import parse_note
from registry.wire.checkpoint import Signature, SignedNote
from registry.wire.errors import MalformedNote

Consistency = Callable[[int, int], list[bytes]]
"""Returns the proof that one tree of a log begins with another."""

_TIMEOUT = httpx.Timeout(10, connect=3)


class WitnessUnavailable(Exception):
    """A witness cannot be reached, or its answer is not that of a witness."""


class WitnessRefused(Exception):
    """A witness does not cosign: the message is its reason."""


def newest(url: str, origin: str) -> SignedNote | None:
    """The largest head of an origin that this witness has cosigned; None where there is none."""
    answer = _send("GET", f"{url.rstrip('/')}/cosigned/newest", params={"origin": origin})
    if answer.status_code == 404:
        return None
    if answer.status_code != 200:
        raise WitnessUnavailable(f"{url} answers {answer.status_code}")
    try:
        return parse_note(answer.text)
    except MalformedNote as error:
        raise WitnessUnavailable(f"{url} answers with no note: {error}") from error


def add_checkpoint(url: str, note: SignedNote, consistency: Consistency) -> SignedNote:
    """Have a head cosigned; return it with the witness's lines. Raises `WitnessRefused`.

    The size from which to prove is asked of the witness: it knows best what it saw last.
    """
    old = 0
    for _ in range(3):
        size = note.checkpoint.size
        path = consistency(old, size) if 0 < old < size else []
        proof = "".join(base64.b64encode(step).decode() + "\n" for step in path)
        answer = _send("POST", f"{url.rstrip('/')}/add-checkpoint", content=f"old {old}\n{proof}\n{note}".encode())
        if answer.status_code == 200:
            return _with_lines(note, answer.text, url)
        text = answer.text.strip()
        if answer.status_code != 409 or not text.isdigit() or len(text) > 19:
            raise WitnessRefused(f"{url} answers {answer.status_code}: {text[:200]}")
        if int(text) > size:
            raise WitnessRefused(f"{url} has seen {text} leaves already, and this head has {size}")
        old = int(text)
    raise WitnessRefused(f"{url} keeps naming other sizes")


def _with_lines(note: SignedNote, text: str, url: str) -> SignedNote:
    try:
        lines = [Signature.parse(line) for line in text.splitlines()]
    except MalformedNote as error:
        raise WitnessUnavailable(f"{url} answers with no signature: {error}") from error
    return SignedNote(note.checkpoint, note.text, (*note.signatures, *lines))


def _send(method: str, url: str, **more: object) -> httpx.Response:
    try:
        for attempt in Retrying(
            retry=retry_if_exception_type(httpx.TransportError),
            stop=stop_after_attempt(3),
            wait=wait_exponential(0.2, max=2),
            reraise=True,
        ):
            with attempt:
                return httpx.request(method, url, timeout=_TIMEOUT, **more)  # type: ignore[arg-type] # passed on
    except httpx.HTTPError as error:
        raise WitnessUnavailable(f"{url} cannot be reached: {error}") from error
    raise WitnessUnavailable(url)  # not reached: the last attempt raises

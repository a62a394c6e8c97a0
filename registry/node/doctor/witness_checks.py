"""Checks of the witnesses that the settings name: reachable, with the right key, and their clocks."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from registry.node.doctor.asking import Answer, Unreachable, ask
from registry.node.doctor.clock_checks import judge_clock
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import Check, Finding, error, note, ok, warning
from registry.settings.settings import WitnessSetting

_AT_ONCE: Final = 8


def check_witnesses(examination: Examination) -> Iterator[Finding]:
    """Ask each witness for its key and its health."""
    witnesses = examination.settings.witness
    if not witnesses:
        yield note("No witness is named in the settings, so none was asked.")
        return
    with ThreadPoolExecutor(_AT_ONCE, "doctor-witness") as pool:  # each request ends after two seconds
        for findings in pool.map(_check_witness, witnesses):
            yield from findings


def _check_witness(witness: WitnessSetting) -> Sequence[Finding]:
    url = witness.url.rstrip("/")
    try:
        key, health = ask(f"{url}/key"), ask(f"{url}/health")
    except Unreachable as reason:
        return [
            warning(
                f"The witness {witness.url} cannot be reached: {reason}.",
                "Heads are cosigned by it when it answers again. Ask its operator if this lasts.",
            )
        ]
    return list(judge_witness(witness, key, health))


def judge_witness(witness: WitnessSetting, key: Answer, health: Answer) -> Iterator[Finding]:
    """Yield what the answers of a witness mean."""
    their_key = key.body.decode(errors="replace").strip()
    if key.status != 200 or their_key != witness.key:
        yield error(
            f"{witness.url} has another key than the settings name: its cosignatures do not count here.",
            "Ask the witness's operator for its key by another way, and correct [[witness]].",
        )
    state = health.json()
    if health.status != 200:
        reason = state.get("detail", f"it answers {health.status}")
        yield warning(f"The witness {witness.url} does not follow the log: {reason}.", "Ask the witness's operator.")
    for origin in state.get("caught") or ():
        yield error(
            f"The witness {witness.url} has caught {origin} with two histories.",
            f"Keep the evidence: {witness.url}/caught. Report it to the consortium.",
        )
    if health.date is not None:
        yield judge_clock(health.moment, health.date, f"that of the witness {witness.url}")
    if key.status == 200 and their_key == witness.key and health.status == 200:
        yield ok(f"The witness {witness.url} follows {state.get('logs', 'the')} logs.")


CHECKS: Final = (
    Check("witnesses.reachable", "Does each witness answer, with its key, and do the clocks agree?", check_witnesses),
)

"""A proposal's file, which its signers pass on."""

import contextlib
from pathlib import Path

from registry.ceremony.ceremony import CeremonyRefused, Proposal


def read_proposal(file: Path) -> Proposal:
    """Read a proposal's file. Raises `CeremonyRefused` if it is missing, or holds no proposal."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CeremonyRefused(
            f"cannot read the proposal {file}: {error.strerror}; `registry governance propose --help` says how one is"
            " written"
        ) from error
    try:
        return Proposal.read(data)
    except CeremonyRefused as error:
        raise CeremonyRefused(f"{file}: {error}") from error


def write_proposal(file: Path, proposal: Proposal) -> None:
    """Write a proposal's file whole. Raises `CeremonyRefused` if the disk refuses."""
    new_file = file.with_name(f".{file.name}.new")
    try:
        new_file.write_bytes(bytes(proposal))
        new_file.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            new_file.unlink(missing_ok=True)
        raise CeremonyRefused(f"cannot write the proposal {file}: {error.strerror}") from error


def free_proposal_file(folder: Path, size: int) -> Path:
    """Return a name for a proposal's file that does not exist: another proposal may be waiting for signatures."""
    names = (f"proposal-{size}{suffix}.json" for suffix in ("", *(f"-{number}" for number in range(2, 1000))))
    return next(file for name in names if not (file := folder / name).exists())

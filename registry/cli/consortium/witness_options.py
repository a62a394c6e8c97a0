"""Options that name witnesses without a node: their keys, the number needed, and the greatest age of a head."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import typer

from consumers.witness.policy import Policy
from registry.wire.cosignature import CosignerKey
from registry.wire.errors import MalformedNote


def policy_of(keys: Sequence[str]) -> Policy:
    """Return the policy of named witnesses. All of them are needed; a key that is named twice counts once."""
    try:
        witnesses = tuple(dict.fromkeys(CosignerKey.parse(key.strip()) for key in keys))
    except MalformedNote as error:
        raise typer.BadParameter(
            f"{error}; pass the line that `registry witness init` printed", param_hint="--witness"
        ) from error
    return Policy(witnesses, len(witnesses))


def with_limits(policy: Policy, needed: int | None, max_age_hours: int | None) -> Policy:
    """Return a policy with the limits of the command line instead of its own."""
    if needed is not None:
        if needed > len(policy.witnesses):
            named = "1 witness is" if len(policy.witnesses) == 1 else f"{len(policy.witnesses)} witnesses are"
            raise typer.BadParameter(f"{needed}, and {named} named", param_hint="--needed")
        policy = msgspec.structs.replace(policy, needed=needed)
    if max_age_hours is not None:
        policy = msgspec.structs.replace(policy, max_age=timedelta(hours=max_age_hours))
    return policy

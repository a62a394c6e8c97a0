"""A decision about one credential, without a case."""

from registry.office.basis import name_basis, names_openly
from registry.vault.vault import random_id
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.recognition import Effect, Grant, Purpose, RecognitionDecided
from registry.wire.today import utc_today


def build_single_decision(
    achievement: VersionedRef,
    credential: CredentialRef,
    grant: Grant,
    purpose: Purpose,
    effect: Effect,
    supersedes: str | None,
) -> tuple[RecognitionDecided, str | None]:
    """Return a decision of today, and the disclosure that opens its digest; None if it names the credential openly."""
    openly = names_openly(purpose, [grant.outcome])
    basis, disclosure = name_basis("onLog", achievement, credential, openly=openly)
    today = utc_today().isoformat()
    return RecognitionDecided(random_id(), purpose, effect, [basis], [grant], today, supersedes), disclosure

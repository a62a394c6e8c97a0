"""The disclosures behind a decision that names its credentials by digest."""

from collections.abc import Sequence

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.vault.vault import Learner, Vault
from registry.wire.disclosures import InvalidDisclosure, claims_digest, open_disclosures
from registry.wire.forms import check_uuid


class HiddenBasis:
    """A row with the disclosures that a decision's digests stand for.

    A decision in a case seals them under the applicant's key; another one under the key of the bucket of the one
    credential that they name, or under the shared key where they name several.
    """

    def __init__(self, vault: Vault, decision: str, disclosures: Sequence[str], learner: Learner | None = None) -> None:
        texts = list(disclosures)
        self._row: tuple[str, bytes, str | None] = (
            (decision, vault.seal_own(decision, texts, _only_credential(texts)), None)
            if learner is None
            else (decision, vault.seal(learner, f"decision {decision}", texts), learner.learner)
        )

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the row."""
        cursor.execute("INSERT INTO vault.decisions (decision, sealed, learner) VALUES (%s, %s, %s)", self._row)


def _only_credential(disclosures: Sequence[str]) -> str | None:
    """Return the id of the one credential that disclosures name; None if they name none, or several."""
    credentials = {credential for text in disclosures for credential in find_credential_ids(text)}
    return credentials.pop() if len(credentials) == 1 else None


def find_credential_ids(text: str) -> set[str]:
    """Return the ids of the credentials that the disclosure of a decision's basis names."""
    try:
        about = open_disclosures(claims_digest([text]), [text]).get("credential")
    except InvalidDisclosure:
        return set()
    identifier = about.get("credential") if isinstance(about, dict) else None
    return {identifier} if isinstance(identifier, str) and check_uuid(identifier) is None else set()

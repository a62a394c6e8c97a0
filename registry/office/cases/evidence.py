"""The disclosures that an applicant hands in: checked against the digests that the log commits to."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from msgspec import Meta

from registry.domain.case_errors import UnknownSubject
from registry.office.cases.holder import holder_text
from registry.office.ports import Key
from registry.wire.disclosures import InvalidDisclosure, claims_digest, open_disclosures

MOST_DISCLOSURES: Final = 64
"""The number of disclosures that one credential may have."""
Disclosures = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=20_000, pattern=r"^[A-Za-z0-9_-]+$")]],
    Meta(min_length=1, max_length=MOST_DISCLOSURES),
]
"""All disclosures of one credential, each as its learner was given it (base64url)."""
DisclosureSets = Annotated[list[Disclosures], Meta(max_length=50)]


class ProvenDisclosures(NamedTuple):
    """A credential, and what its disclosures prove it to say of its holder."""

    key: Key
    claims: Mapping[str, Any]
    disclosures: Sequence[str]

    def text(self, subject: int) -> dict[str, Any]:
        """Return the sealed text that keeps it with a case."""
        content = holder_text("disclosures", self.claims, subject=subject, about="/".join(self.key))
        return {**content, "disclosures": list(self.disclosures)}


def match_disclosures(sets: Sequence[Sequence[str]], digests: Mapping[Key, str | None]) -> list[ProvenDisclosures]:
    """Find out which credential each list of disclosures is of; `digests` are what the log commits to.

    Raises `UnknownSubject` for a list that is of none of them: one disclosure that lacks or was altered is enough.
    """
    of_digest = {digest: key for key, digest in digests.items() if digest is not None}
    matched = []
    for number, disclosures in enumerate(sets):
        digest = claims_digest(disclosures)
        key = of_digest.get(digest)
        if key is None:
            raise UnknownSubject(
                "these disclosures are of none of the case's credentials that have arrived here: one of them is"
                " missing or altered, or they belong to another credential. Ask for the file as the issuer gave it",
                f"$.disclosures[{number}]",
            )
        try:
            claims = open_disclosures(digest, disclosures)
        except InvalidDisclosure as error:
            detail = f"the log commits to it, and it is not a disclosure: {error}"
            raise UnknownSubject(detail, "$.disclosures") from error
        matched.append(ProvenDisclosures(key, claims, disclosures))
    return matched

"""A key of this node that signs documents: the implementation of `registry.export.document.DocumentSigner`."""

from collections.abc import Mapping, Sequence

from registry.keys import issuing_keys
from registry.keys.issuing_keys import IssuingKeyFiles
from registry.keys.keystore import PrivateKey
from registry.wire.issuing_keys import Profile


class KeystoreSigner:
    """An issuing key from the keystore, which the log announces. The private half is read when it first signs."""

    def __init__(
        self,
        files: IssuingKeyFiles,
        issuer: str,
        profile: Profile,
        thumbprint: str,
        jwk: Mapping[str, str],
        x5c: Sequence[str] = (),
    ) -> None:
        """`issuer` is the identifier of the university, for example its `did:web`."""
        self._files = files
        self._issuer = issuer
        self._profile: Profile = profile
        self._thumbprint = thumbprint
        self._jwk = dict(jwk)
        self._x5c = tuple(x5c)
        self._private: PrivateKey | None = None

    @property
    def profile(self) -> Profile:
        """The profile whose documents it signs."""
        return self._profile

    @property
    def thumbprint(self) -> str:
        """The JWK thumbprint, which names the key on the log."""
        return self._thumbprint

    @property
    def jwk(self) -> Mapping[str, str]:
        """The public key."""
        return dict(self._jwk)

    @property
    def x5c(self) -> Sequence[str]:
        """The chain of certificates, base64 of DER, the key's own first; empty where there is none."""
        return self._x5c

    @property
    def issuer(self) -> str:
        """The issuer's identifier."""
        return self._issuer

    @property
    def verification_method(self) -> str:
        """The identifier of the key: the issuer's with the thumbprint as fragment."""
        return f"{self._issuer}#{self._thumbprint}"

    def sign(self, content: bytes) -> bytes:
        """Return the signature, 64 bytes: EdDSA for Ed25519, r and s for ES256. Raises `KeystoreError`."""
        if self._private is None:
            self._private = self._files.read(self._thumbprint)
        return issuing_keys.sign(self._private, content)

    def __repr__(self) -> str:
        return f"KeystoreSigner({self._profile}, {self._thumbprint})"

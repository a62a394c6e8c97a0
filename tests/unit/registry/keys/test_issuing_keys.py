"""The private halves of keys that sign documents, in the keystore."""

import stat

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from registry.keys.document_signer import KeystoreSigner
from registry.keys.issuing_keys import IssuingKeyFiles, public_jwk
from registry.keys.keystore import SIGNING, Keystore, KeystoreError


@pytest.fixture(params=[None, b"correct horse"])
def keystore(request, tmp_path):
    return Keystore(tmp_path / "keys", request.param)


@pytest.mark.parametrize(("profile", "curve"), [("open", "Ed25519"), ("eudi", "P-256")])
def test_a_key_is_stored_for_its_owner_alone_and_read_again(keystore, tmp_path, profile, curve):
    files = IssuingKeyFiles(keystore)
    jwk = files.create(profile)
    assert (jwk.crv, jwk.fault()) == (curve, None)
    assert files.thumbprints() == [jwk.thumbprint]
    assert public_jwk(files.read(jwk.thumbprint)) == jwk
    file = tmp_path / "keys" / f"issuing-{jwk.thumbprint}.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    with pytest.raises(KeystoreError, match="chmod 600"):
        files.read(jwk.thumbprint)


def test_an_encrypted_key_needs_its_passphrase(tmp_path):
    jwk = IssuingKeyFiles(Keystore(tmp_path, b"right")).create("open")
    assert b"ENCRYPTED" in (tmp_path / f"issuing-{jwk.thumbprint}.pem").read_bytes()
    for passphrase, reason in ((b"wrong", "passphrase right"), (None, "encrypted")):
        with pytest.raises(KeystoreError, match=reason):
            IssuingKeyFiles(Keystore(tmp_path, passphrase)).read(jwk.thumbprint)


def test_a_file_that_holds_another_key_than_its_name_says_signs_nothing(tmp_path):
    files = IssuingKeyFiles(Keystore(tmp_path))
    first, second = files.create("open"), files.create("eudi")
    (tmp_path / f"issuing-{second.thumbprint}.pem").replace(tmp_path / f"issuing-{first.thumbprint}.pem")
    with pytest.raises(KeystoreError, match="another key"):
        files.read(first.thumbprint)


def test_the_key_of_the_log_is_no_issuing_key(tmp_path):
    keystore = Keystore(tmp_path)
    keystore.create_signer(SIGNING, "eciu.example/twente")
    IssuingKeyFiles(keystore).create("open")
    assert len(IssuingKeyFiles(keystore).thumbprints()) == 1
    assert keystore.signer(SIGNING, "eciu.example/twente").vkey.name == "eciu.example/twente"


def test_signatures_of_p_256_have_64_bytes_whatever_their_numbers(tmp_path):
    files = IssuingKeyFiles(Keystore(tmp_path))
    jwk = files.create("eudi")
    signer = KeystoreSigner(files, "did:web:x.example", "eudi", jwk.thumbprint, jwk.members)
    private = files.read(jwk.thumbprint)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    for number in range(300):  # one in 128 has a number with a leading zero byte
        signature = signer.sign(b"%d" % number)
        assert len(signature) == 64
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        private.public_key().verify(encode_dss_signature(r, s), b"%d" % number, ec.ECDSA(hashes.SHA256()))
    assert signer.verification_method == f"did:web:x.example#{jwk.thumbprint}"
    assert "d" not in signer.jwk

"""Whether a key made a signature: the algorithms of ICAO 9303-12, 4.4, and no others.

RSA with PKCS #1 v1.5 or PSS, ECDSA on the curves of NIST and brainpool, SHA-1 to SHA-512 (SHA-1 is only for cards of
the first years; new ones have SHA-256 and more). A key is built from its numbers, so that one parser decides what
was signed and by whom.
"""

from __future__ import annotations

from typing import NamedTuple

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from adapters.card_reader.failure import Failed
from adapters.card_reader.public_key import EcKey
from adapters.card_reader.public_key import public_key as key_of

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

#: Smaller keys can be broken, larger ones only cost time.
_RSA_BITS = range(2048, 8193)
_RSA_EXPONENT_BITS = 64

#: By the name that our table of standard curves has; a certificate may spell a curve out, but not bring one of its own.
_CURVES: dict[str, ec.EllipticCurve] = {
    curve.name: curve
    for curve in (
        ec.SECP224R1(), ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(),
        ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.BrainpoolP512R1(),
    )
}  # fmt: skip

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - ICAO 9303-12 still allows it for cards that were issued with it
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

_PSS = "1.2.840.113549.1.1.10"
#: Algorithms that leave the hash to the digest algorithm named beside them (RFC 5652, 5.3).
_BARE = {"1.2.840.113549.1.1.1": "rsa", "1.2.840.10045.2.1": "ecdsa"}
_WITH_HASH = {
    "1.2.840.113549.1.1.5": ("rsa", "sha1"),
    "1.2.840.113549.1.1.14": ("rsa", "sha224"),
    "1.2.840.113549.1.1.11": ("rsa", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa", "sha512"),
    "1.2.840.10045.4.1": ("ecdsa", "sha1"),
    "1.2.840.10045.4.3.1": ("ecdsa", "sha224"),
    "1.2.840.10045.4.3.2": ("ecdsa", "sha256"),
    "1.2.840.10045.4.3.3": ("ecdsa", "sha384"),
    "1.2.840.10045.4.3.4": ("ecdsa", "sha512"),
}


class Scheme(NamedTuple):
    """How a signature was made; the last two only for `pss`, `salt` in bytes."""

    kind: str
    digest: str
    mask_digest: str = ""
    salt: int = 0


def scheme_of(algorithm: algos.SignedDigestAlgorithm, digest: str | None) -> Scheme:
    """Return what an AlgorithmIdentifier asks for. `digest`: the hash named beside it, in CMS.

    Raises ValueError, TypeError or KeyError.
    """
    oid = algorithm["algorithm"].dotted
    if oid in _BARE and digest is not None:
        return Scheme(_BARE[oid], digest)
    if oid != _PSS:
        return Scheme(*_WITH_HASH[oid])
    parameters = algorithm["parameters"]
    mask, trailer = parameters["mask_gen_algorithm"], parameters["trailer_field"].native
    if mask["algorithm"].native != "mgf1" or trailer not in ("trailer_field_bc", 1):
        raise ValueError("PSS with another mask or trailer than everybody's")
    own, masked = parameters["hash_algorithm"]["algorithm"].native, mask["parameters"]["algorithm"].native
    return Scheme("pss", own, masked, parameters["salt_length"].native)


def public_key(info: keys.PublicKeyInfo) -> PublicKey:
    """Return the key of a SubjectPublicKeyInfo. Raises ValueError, TypeError, KeyError or UnsupportedAlgorithm."""
    kind = info["algorithm"]["algorithm"].native
    if kind in ("rsa", "rsassa_pss"):
        numbers = info["public_key"].parsed
        modulus, exponent = numbers["modulus"].native, numbers["public_exponent"].native
        if modulus.bit_length() not in _RSA_BITS or exponent.bit_length() > _RSA_EXPONENT_BITS:
            raise ValueError("an RSA key of this size isn't used")
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    try:
        key = key_of(info.dump())
    except Failed:
        key = None
    if not isinstance(key, EcKey):
        raise ValueError("neither RSA nor EC on a standard curve")
    return ec.EllipticCurvePublicNumbers(*key.point, _CURVES[key.curve.name]).public_key()


def holds(key: PublicKey, scheme: Scheme, signature: bytes, signed: bytes) -> bool:
    """Return whether `key` signed `signed`. Raises KeyError (an unknown hash), ValueError or UnsupportedAlgorithm."""
    digest = HASHES[scheme.digest]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            if scheme.kind == "ecdsa":
                key.verify(signature, signed, ec.ECDSA(digest))
                return True
        elif scheme.kind == "rsa":
            key.verify(signature, signed, padding.PKCS1v15(), digest)
            return True
        elif scheme.kind == "pss":
            mask = padding.MGF1(HASHES[scheme.mask_digest])
            key.verify(signature, signed, padding.PSS(mask, scheme.salt), digest)
            return True
    except InvalidSignature:
        pass
    return False

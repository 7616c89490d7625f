"""GitHub's signatures: which secret a body was signed with, and what is no signature at all."""

from __future__ import annotations

import pytest

from shared.domain.signature import Signatures

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
SECRET = "It's a Secret to Everybody"
PAYLOAD = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
# The same payload and secret, by SHA-1 (`openssl sha1 -hmac`).
SHA_1 = "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"


def signing_secret(payload: bytes, *, signature: str, secrets: dict[str, str]) -> str | None:
    signatures = Signatures(secrets)
    # In two parts, as it comes.
    signatures.update(payload[:5])
    signatures.update(payload[5:])
    return signatures.signing_secret(signature)


def test_knows_the_secret_of_githubs_own_example() -> None:
    assert signing_secret(PAYLOAD, signature=SIGNATURE, secrets={"main": SECRET}) == "main"


def test_names_the_secret_of_several_that_signed() -> None:
    secrets = {"new": "another one", "old": SECRET}
    assert signing_secret(PAYLOAD, signature=SIGNATURE, secrets=secrets) == "old"


def test_names_the_first_of_two_secrets_that_are_the_same() -> None:
    secrets = {"one": SECRET, "two": SECRET}
    assert signing_secret(PAYLOAD, signature=SIGNATURE, secrets=secrets) == "one"


def test_signs_with_the_utf_8_bytes_of_a_secret() -> None:
    # printf '{}' | openssl dgst -sha256 -hmac 'schlüssel'
    signature = "sha256=0034babad0b8eb3f1acb97c14fc7f3d6dca187d87252b0e02c5e13b332e884ed"
    assert signing_secret(b"{}", signature=signature, secrets={"main": "schlüssel"}) == "main"


@pytest.mark.parametrize(
    "payload",
    [b"", b"Hello, World", b"Hello, World!\n", b"hello, World!"],
)
def test_refuses_the_signature_of_other_bytes(payload: bytes) -> None:
    assert signing_secret(payload, signature=SIGNATURE, secrets={"main": SECRET}) is None


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256",
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE[:-1],
        SIGNATURE + "0",
        SIGNATURE.upper(),
        f" {SIGNATURE}",
        f"{SIGNATURE},{SIGNATURE}",
        SHA_1,
        SHA_1.replace("sha1", "sha256"),
        # As WSGI hands over bytes beyond ASCII, and beyond what a header can hold.
        "sha256=ÿ\x80",
        "sha256=\u20ac\ud800",
    ],
)
def test_refuses_what_is_no_signature_of_the_payload(signature: str) -> None:
    assert signing_secret(PAYLOAD, signature=signature, secrets={"main": SECRET}) is None


def test_refuses_everything_without_a_secret() -> None:
    assert signing_secret(PAYLOAD, signature=SIGNATURE, secrets={}) is None

"""A Lambda authorizer: takes a bearer token (JWT) and checks it with the key from the identity provider's metadata."""

import os
from base64 import b64decode
from functools import lru_cache

import jwt
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from pydantic import BaseModel

CERTIFICATE = "//md:IDPSSODescriptor/md:KeyDescriptor[@use='signing']//ds:X509Certificate/text()"
NAMESPACES = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}


class Caller(BaseModel):
    """Who asks."""

    sub: str
    scope: str = ""


@lru_cache
def key() -> CertificatePublicKeyTypes:
    """The provider's signing key; its metadata travels with the function."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    metadata = etree.parse(os.environ.get("METADATA", "metadata.xml"), parser)
    certificate = metadata.xpath(CERTIFICATE, namespaces=NAMESPACES)[0]
    return load_der_x509_certificate(b64decode(certificate)).public_key()


def handler(event: dict, context: object) -> dict:
    """The answer of an HTTP API's simple authorizer."""
    token = event["headers"].get("authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, key(), algorithms=["RS256"], audience=os.environ["AUDIENCE"])
    except jwt.InvalidTokenError:
        return {"isAuthorized": False}
    caller = Caller.model_validate(claims)
    return {"isAuthorized": True, "context": {"caller": caller.sub, "scope": caller.scope}}

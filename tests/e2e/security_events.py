"""An issuer of security event tokens, whose keys and signatures are OpenSSL's.

  security_events.py keys KEY.pem                 the JWK set of its public key
  security_events.py sign KEY.pem JTI SUBJECT [CLAIM=JSON …] [header.NAME=JSON …]
"""
import base64
import json
import subprocess
import sys
import time


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def keys(pem):
    point = openssl("pkey", "-in", pem, "-pubout", "-outform", "DER")[-64:]
    key = {"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256",
           "x": encoded(point[:32]), "y": encoded(point[32:])}
    return json.dumps({"keys": [key]})


def raw(der):
    """r and s of the DER SEQUENCE, 32 bytes each (RFC 7518 §3.4)."""
    def integer(at):
        size = der[at + 1]
        return der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0"), at + 2 + size
    r, rest = integer(2)
    return r + integer(rest)[0]


def sign(pem, jti, subject, *changes):
    header = {"alg": "ES256", "typ": "secevent+jwt", "kid": "k1"}
    claims = {"iss": "https://idp.example", "aud": ["https://holdfast.example"], "jti": jti,
              "iat": int(time.time()), "sub_id": subject,
              "events": {"https://schemas.openid.net/secevent/caep/event-type/session-revoked":
                         {"event_timestamp": int(time.time()), "reason_admin": {"en": "stolen"}}}}
    for change in changes:
        name, value = change.split("=", 1)
        part = header if name.startswith("header.") else claims
        part[name.removeprefix("header.")] = json.loads(value)
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return text + "." + encoded(raw(openssl("dgst", "-sha256", "-sign", pem, data=text.encode())))


if sys.argv[1] == "keys":
    print(keys(sys.argv[2]))
else:
    print(sign(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), *sys.argv[5:]))

"""python tokens.py FILE: an independent check of tokens, by joserfc (another code base than the provider's and the
relying parties').

FILE is JSON: issuer, jwks, client_id, and tokens by kind: id_token, access_token (RFC 9068), logout_token. What
`openid_client.mjs --tokens FILE` met is written there. Prints one line a check.
"""

import json
import sys
import time

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

BACKCHANNEL = "http://schemas.openid.net/event/backchannel-logout"
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}
passed = failed = 0


def check(name, body):
    global passed, failed
    try:
        body()
        passed += 1
        print(f"ok {name}")
    except (AssertionError, JoseError, KeyError, ValueError) as error:
        failed += 1
        print(f"not ok {name}: {type(error).__name__} {error}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        seen = json.load(file)
    keys = KeySet.import_key_set(seen["jwks"])
    algorithms = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"]

    def read(kind, **wanted):
        token = jwt.decode(seen["tokens"][kind], keys, algorithms=algorithms)
        rules = {name: {"essential": True, "value": value} for name, value in wanted.items()}
        rules |= {name: {"essential": True} for name in ("iat", "exp")}
        jwt.JWTClaimsRegistry(leeway=5, iss={"essential": True, "value": seen["issuer"]}, **rules).validate(token.claims)
        assert token.header.get("kid"), "no kid"
        assert token.claims["iat"] <= time.time() + 5, "iat lies ahead"
        return token

    def jwks():
        kids = [key.kid for key in keys.keys]
        assert all(kids) and len(set(kids)) == len(kids), f"kids are {kids}"
        for key in seen["jwks"]["keys"]:
            assert not PRIVATE & set(key), f"the key {key['kid']} is told with its private part"

    def id_token():
        token = read("id_token", aud=seen["client_id"])
        assert token.header.get("typ", "JWT").upper() == "JWT", token.header
        assert token.claims["sub"] and len(token.claims["sub"]) <= 255

    def access_token():
        token = read("access_token", aud=seen["audience"])
        assert token.header["typ"].lower() in ("at+jwt", "application/at+jwt"), token.header
        for name in ("sub", "client_id", "jti"):
            assert token.claims[name], name

    def logout_token():
        token = read("logout_token", aud=seen["client_id"])
        assert token.header["typ"].lower() in ("logout+jwt", "application/logout+jwt"), token.header
        assert token.claims["events"] == {BACKCHANNEL: {}}, token.claims["events"]
        assert token.claims["jti"] and (token.claims.get("sid") or token.claims.get("sub"))
        assert "nonce" not in token.claims, "a logout token has no nonce"

    def altered():
        head, body, sign = seen["tokens"]["id_token"].split(".")
        turned = ("A" if sign[10] != "A" else "B")
        try:
            jws.deserialize_compact(f"{head}.{body}.{sign[:10]}{turned}{sign[11:]}", keys, algorithms=algorithms)
        except JoseError:
            return
        raise AssertionError("an altered signature was taken")

    for name, body in {"jwks": jwks, "id-token": id_token, "access-token": access_token, "logout-token": logout_token, "altered": altered}.items():
        check(name, body)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()

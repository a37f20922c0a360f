"""Secret names: what the members, parameters, headers and cookies that hold secrets are called."""

from __future__ import annotations

from functools import lru_cache

NAMES = frozenset(
    {
        "accesstoken",
        "apikey",
        "apisecret",
        "apitoken",
        "authcode",
        "authorization",
        "authorizationcode",
        "authtoken",
        "bearertoken",
        "clientsecret",
        "codechallenge",
        "codeverifier",
        "confirmationtoken",
        "confirmpassword",
        "cookie",
        "csrftoken",
        "currentpassword",
        "cvc",
        "cvv",
        "emailotp",
        "encryptedpassword",
        "hashedtoken",
        "idtoken",
        "jwt",
        "jwtsecret",
        "newpassword",
        "nonce",
        "oldpassword",
        "otp",
        "passphrase",
        "passwd",
        "password",
        "passwordconfirm",
        "passwordconfirmation",
        "passwordhash",
        "privatekey",
        "providerrefreshtoken",
        "providertoken",
        "proxyauthorization",
        "recoverytoken",
        "refreshtoken",
        "secret",
        "secretkey",
        "servicekey",
        "servicerolekey",
        "sessiontoken",
        "setcookie",
        "sharetoken",
        "signingsecret",
        "stripesignature",
        "token",
        "tokenhash",
        "webhooksecret",
    }
)
"""Names in lower case without `_` and `-`: `accessToken` and `access_token` are the same."""

PARAMETERS = NAMES | {"code"}
"""Names in queries, fragments and forms, where `code` completes a sign-in. In JSON it is the code
of an error."""

CARD_NUMBER = "number"
"""A secret only if its value has as many digits as a card: invoices have numbers too."""

_CARD_DIGITS_MIN = 12
_INVOICE_NUMBER_MAX = 40

NAME_MAX = 100
"""Characters of a name that are looked at, counted from its end."""


@lru_cache(maxsize=4096)
def bare_name(name: str) -> str:
    """Return the last part of a name such as `user[password]` as NAMES spells it."""
    last = name.rstrip("[]").replace("[", ".").rpartition(".")[2]
    return last.casefold().replace("_", "").replace("-", "").replace(" ", "")


def is_secret(name: str, value: object, *, names: frozenset[str] = NAMES) -> bool:
    """Return whether the value under a name is a secret. Empty values are not."""
    if value is None or value is True or value is False or value == "":
        return False
    bare = bare_name(name[-NAME_MAX:])
    return bare in names or (bare == CARD_NUMBER and _is_card_number(value))


def _is_card_number(value: object) -> bool:
    if not isinstance(value, str | int | float):
        return True
    text = str(value)
    is_long = len(text) > _INVOICE_NUMBER_MAX
    return is_long or sum(map(str.isdigit, text)) >= _CARD_DIGITS_MIN

"""Error codes of GoTrue, each with the status that it is sent with."""

from __future__ import annotations

from collections.abc import Mapping

GOTRUE_STATUS: Mapping[str, int] = {
    "anonymous_provider_disabled": 422,
    "bad_code_verifier": 400,
    "bad_json": 400,
    "bad_jwt": 403,
    "captcha_failed": 400,
    "conflict": 409,
    "email_address_invalid": 400,
    "email_exists": 422,
    "email_not_confirmed": 400,
    "email_provider_disabled": 422,
    "feature_disabled": 404,
    "flow_state_expired": 422,
    "flow_state_not_found": 404,
    "forbidden": 403,
    "invalid_credentials": 400,
    "manual_linking_disabled": 404,
    "method_not_allowed": 405,
    "mfa_factor_not_found": 404,
    "no_authorization": 401,
    "not_admin": 403,
    "not_found": 404,
    "not_implemented": 501,
    "otp_disabled": 422,
    "otp_expired": 403,
    "over_email_send_rate_limit": 429,
    "over_request_rate_limit": 429,
    "passkey_disabled": 404,
    "phone_provider_disabled": 400,
    "provider_disabled": 400,
    "refresh_token_already_used": 400,
    "refresh_token_not_found": 400,
    "request_timeout": 504,
    "request_too_large": 413,
    "same_password": 422,
    "saml_provider_disabled": 404,
    "session_expired": 400,
    "session_not_found": 403,
    "signup_disabled": 422,
    "unexpected_failure": 500,
    "user_already_exists": 422,
    "user_banned": 403,
    "user_not_found": 404,
    "validation_failed": 400,
    "weak_password": 422,
    "web3_provider_disabled": 422,
}
"""Real: the codes of supabase/auth internal/api/apierrors/errorcode.go, each with the status that
most of the places in internal/api raise it with. `forbidden`, `method_not_allowed`, `not_found`,
`not_implemented` and `request_too_large` are the emulator's, for what GoTrue has no code for."""

CODE_OF_STATUS: Mapping[int, str] = {
    400: "validation_failed",
    401: "no_authorization",
    403: "bad_jwt",
    404: "not_found",
    409: "conflict",
    413: "request_too_large",
    414: "validation_failed",
    422: "validation_failed",
    429: "over_request_rate_limit",
    431: "validation_failed",
    501: "not_implemented",
    504: "request_timeout",
}
"""The code of an error that only names a status; for every other it is `unexpected_failure`."""

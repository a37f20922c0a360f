"""GoTrue's error codes with the status that it sends each with, for faults that name a code."""

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
    "flow_state_expired": 422,
    "flow_state_not_found": 404,
    "forbidden": 403,
    "invalid_credentials": 400,
    "method_not_allowed": 405,
    "no_authorization": 401,
    "not_admin": 403,
    "not_found": 404,
    "not_implemented": 501,
    "otp_disabled": 422,
    "otp_expired": 403,
    "over_email_send_rate_limit": 429,
    "over_request_rate_limit": 429,
    "phone_provider_disabled": 400,
    "refresh_token_already_used": 400,
    "refresh_token_not_found": 400,
    "request_timeout": 504,
    "request_too_large": 413,
    "same_password": 422,
    "session_expired": 403,
    "session_not_found": 403,
    "signup_disabled": 422,
    "unexpected_failure": 500,
    "user_already_exists": 422,
    "user_banned": 403,
    "user_not_found": 404,
    "validation_failed": 400,
    "weak_password": 422,
}
"""Real: GoTrue's errorcode.go and where it raises each; of several statuses the most common."""

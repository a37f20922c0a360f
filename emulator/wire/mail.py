"""Mail: subject, text, HTML, link and code, rendered from a mail of the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode

from emulator.settings import Settings
from emulator.wire.world_tags import tagged
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.records.system import Mail
from emulator.world.records.types import MailKind

VERIFICATIONS: Mapping[MailKind, str] = {
    "confirmation": "signup",
    "invitation": "invite",
    "magic_link": "magiclink",
    "reset": "recovery",
    "email_change": "email_change",
}
"""The kinds of mail with a link to `/auth/v1/verify`, and the `type` in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The text of a kind of mail; `{moment}` and `{to}` are placeholders."""

    subject: str
    message: str
    button: str = ""


WORDINGS: Mapping[MailKind, Wording] = {
    "confirmation": Wording(
        subject="Confirm your e-mail address",
        message="Welcome to WorldFlux. Follow the link to confirm {to}.",
        button="Confirm address",
    ),
    "invitation": Wording(
        subject="You have been invited",
        message="You have been invited to WorldFlux. Follow the link to accept.",
        button="Accept invitation",
    ),
    "magic_link": Wording(
        subject="Your sign-in link",
        message="Follow the link to sign in as {to}.",
        button="Sign in",
    ),
    "reset": Wording(
        subject="Reset your password",
        message="Follow the link to choose a new password. "
        "If you did not request it, ignore this mail.",
        button="Reset password",
    ),
    "email_change": Wording(
        subject="Confirm your new e-mail address",
        message="Follow the link to confirm the change of your e-mail address.",
        button="Confirm change",
    ),
    "export_ready": Wording(
        subject="Your data export is ready",
        message="This archive contains everything that we store about you. "
        "The link works until {moment}.",
        button="Download archive",
    ),
    "deletion_scheduled": Wording(
        subject="Your account will be deleted",
        message="Your account and its data will be deleted on {moment}. "
        "Until then you can sign in and cancel the deletion in your profile.",
    ),
}


def link_of(world: World, settings: Settings, mail: Mail) -> str | None:
    """Return the link of a mail, or None if it has none."""
    if mail.token is None:
        return None
    if mail.kind == "export_ready":
        return export_url(world, settings, mail.token)
    return verify_url(
        world,
        settings,
        token_hash=mail.token,
        kind=VERIFICATIONS[mail.kind],
        redirect_to=mail.redirect_to,
    )


def verify_url(
    world: World, settings: Settings, *, token_hash: str, kind: str, redirect_to: str | None
) -> str:
    """Return the link that verifies a one-time code and redirects to `redirect_to`."""
    query = {
        "token": tagged(token_hash, world),
        "type": kind,
        "redirect_to": redirect_to or world.auth.site_url,
    }
    return f"{settings.supabase_url}/verify?{urlencode(query)}"


def export_url(world: World, settings: Settings, token: str) -> str:
    """Return the link of a finished export.

    Assumed: The format of the real link is not published; real exports are likely in a file store.
    """
    return f"{settings.public_url}/exports/{tagged(token, world)}"


def mail_view(world: World, settings: Settings, mail: Mail) -> dict[str, Any]:
    """Return a mail as control shows it; `code` can be entered instead of following the link."""
    wording = WORDINGS[mail.kind]
    message = _filled(wording.message, mail)
    link = link_of(world, settings, mail)
    return {
        "id": mail.id,
        "to": mail.to,
        "kind": mail.kind,
        "subject": wording.subject,
        "link": link,
        "code": mail.code,
        "text": "\n\n".join(
            [
                message,
                *([link] if link else []),
                *([f"Or enter the code {mail.code}."] if mail.code else []),
            ]
        )
        + "\n",
        "html": _html(wording, message, link, mail.code),
        "sent_at": to_text(mail.created_at),
    }


def _filled(text: str, mail: Mail) -> str:
    moment = "" if mail.moment is None else to_text(mail.moment)
    return text.format(moment=moment, to=mail.to)


def _html(wording: Wording, message: str, link: str | None, code: str | None) -> str:
    button = f'<p><a class="button" href="{escape(link)}">{wording.button}</a></p>' if link else ""
    typed = f"<p>Or enter the code <strong>{escape(code)}</strong>.</p>" if code else ""
    return _PAGE.format(
        subject=escape(wording.subject), message=escape(message), rest=button + typed
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{subject}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #1a1d21; background: #f4f5f7; margin: 0; }}
main {{ max-width: 32rem; margin: 2rem auto; padding: 2rem; background: #fff; border-radius: 8px; }}
h1 {{ font-size: 1.25rem; margin: 0 0 1rem; }}
a.button {{ display: inline-block; padding: .6rem 1.2rem; border-radius: 6px; background: #1f4fd8;
  color: #fff; text-decoration: none; }}
footer {{ color: #6a717b; font-size: .85rem; margin-top: 2rem; }}
@media (max-width: 32rem) {{ main {{ margin: 0; border-radius: 0; }} }}
</style>
</head>
<body>
<main>
<h1>{subject}</h1>
<p>{message}</p>
{rest}
<footer>WorldFlux, emulated. No mail was sent.</footer>
</main>
</body>
</html>
"""

"""The outbox: mail that would be sent, as facts; its subject, links and text are rendered when it
is read.
"""

from __future__ import annotations

from emulator.world.core.rate_limits import count_request
from emulator.world.core.world import World
from emulator.world.records.identity import User
from emulator.world.records.system import Mail
from emulator.world.records.types import Instant, MailKind


def send(
    world: World,
    kind: MailKind,
    user: User,
    *,
    to: str | None = None,
    token: str | None = None,
    code: str | None = None,
    redirect_to: str | None = None,
    moment: Instant | None = None,
) -> Mail:
    """Put a mail to a user, or to another of its addresses, into the outbox.

    Its link carries `token`, `code` can be typed instead, and `moment` is the time it announces.
    Raises RateLimited when mail to one address is limited.
    """
    to = to or user.email
    count_request(world, "mail", to, limit=world.auth.mails_per_minute)
    mail_id, ordinal = world.new_id("mail")
    mail = Mail(
        id=mail_id,
        to=to,
        kind=kind,
        user_id=user.id,
        token=token,
        code=code,
        redirect_to=redirect_to,
        moment=moment,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(mail)
    return mail

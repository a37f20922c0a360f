"""What falls due: jobs in the state, done in order while the clock passes them."""

from __future__ import annotations

import pytest

from emulator.world import lifecycle
from emulator.world.billing import checkout, subscriptions
from emulator.world.core import jobs
from emulator.world.core.access import Actor
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import DAY, LATEST, SECOND
from emulator.world.core.world import World
from emulator.world.identity import accounts, sessions
from emulator.world.identity.sessions import TIMEBOX, SignedIn
from emulator.world.lifecycle import HANDLERS, FiredJob
from emulator.world.metering import reservations
from emulator.world.privacy import data_requests
from emulator.world.records.identity import AuthSettings, Export, RefreshToken, Session, User
from emulator.world.records.system import Job
from tests.support import world_builder

EPOCH = 20_454 * DAY
HOUR = 3600 * SECOND


def begin(timebox_seconds: int | None = None) -> World:
    """Return a world with one account, Ada's."""
    world = world_builder.begin("jobs")
    world.put(AuthSettings(session_timebox_seconds=timebox_seconds))
    accounts.create_user(
        world, email="ada@lab.test", password="ada-password", name="Ada", metadata="{}"
    )
    return world


def sign_in(world: World) -> SignedIn:
    """Return a new session of Ada's."""
    return sessions.sign_in(world, email="ada@lab.test", password="ada-password")


def actor_of(signed_in: SignedIn) -> Actor:
    """Return the actor of a session."""
    return Actor(user_id=signed_in.user.id, session_id=signed_in.session.id)


def waiting(world: World) -> list[tuple[str, str, int]]:
    """Return what waits: kind, target and when from the epoch."""
    return [(job.kind, job.target_id, job.due - EPOCH) for job in world.all(Job, "all", ())]


def test_jobs_wait_in_the_order_in_which_they_are_due() -> None:
    world = begin()
    for target, due in (("late", 3), ("first", 1), ("second", 1), ("between", 2)):
        jobs.schedule(world, "any", target, due=EPOCH + due)
    assert [target for _, target, _ in waiting(world)] == ["first", "second", "between", "late"]


def test_a_job_that_is_scheduled_again_is_moved() -> None:
    world = begin()
    jobs.schedule(world, "any", "it", due=EPOCH + 5)
    jobs.schedule(world, "any", "other", due=EPOCH + 5)
    jobs.schedule(world, "any", "it", due=EPOCH + 9)
    assert waiting(world) == [("any", "other", 5), ("any", "it", 9)]
    jobs.schedule(world, "any", "it", due=EPOCH + 1)
    assert waiting(world) == [("any", "it", 1), ("any", "other", 5)]


def test_a_job_of_another_kind_or_target_is_another() -> None:
    world = begin()
    for kind, target in (("a", "it"), ("b", "it"), ("a", "other")):
        jobs.schedule(world, kind, target, due=EPOCH + 1)
    jobs.cancel(world, "a", "it")
    jobs.cancel(world, "nothing", "it")
    assert waiting(world) == [("b", "it", 1), ("a", "other", 1)]


def test_every_kind_of_job_is_handled() -> None:
    kinds = {
        TIMEBOX,
        sessions.REMOVE,
        data_requests.FINISH_EXPORT,
        data_requests.EXPIRE_EXPORT,
        data_requests.PURGE,
    }
    kinds |= {reservations.EXPIRE, checkout.EXPIRE, subscriptions.ANNOUNCE_TRIAL_END}
    kinds |= {subscriptions.RENEW, subscriptions.FINALIZE, subscriptions.RETRY}
    assert set(HANDLERS) == kinds


def test_the_clock_stands_at_the_moment_of_each_job() -> None:
    world = begin(timebox_seconds=7200)
    signed_in = sign_in(world)
    export = data_requests.request_export(world, actor_of(signed_in))
    happened = lifecycle.move(world, to=world.now + 9 * DAY)
    assert [(one.at - EPOCH, one.kind, one.target_id) for one in happened] == [
        (60 * SECOND, "finish export", export.id),
        (7200 * SECOND, "end session", signed_in.session.id),
        (7200 * SECOND + DAY, "forget session", signed_in.session.id),
        (7 * DAY + 60 * SECOND, "expire export", export.id),
    ]
    assert world.now == EPOCH + 9 * DAY


def test_what_a_job_schedules_falls_due_on_the_same_way() -> None:
    world = begin()
    export = data_requests.request_export(world, actor_of(sign_in(world)))
    lifecycle.move(world, to=world.now + 60 * SECOND)
    ready = world.expect(Export, export.id)
    assert (ready.ready_at, ready.expires_at) == (
        EPOCH + 60 * SECOND,
        EPOCH + 60 * SECOND + 7 * DAY,
    )
    lifecycle.move(world, to=world.now + 7 * DAY)
    assert world.get(Export, export.id) is None


@pytest.mark.parametrize(("by", "is_done"), [(HOUR - 1, False), (HOUR, True), (HOUR + 1, True)])
def test_a_job_is_done_at_its_moment_and_not_before(by: int, is_done: bool) -> None:
    world = begin(timebox_seconds=3600)
    session = sign_in(world).session
    expected = [FiredJob(at=EPOCH + HOUR, kind=TIMEBOX, target_id=session.id)] if is_done else []
    assert lifecycle.move(world, to=world.now + by) == expected
    assert (sessions.live_session(world, session.id) is None) == is_done
    assert world.now == EPOCH + by


def test_a_job_that_was_due_before_now_is_done_now() -> None:
    world = begin()
    session = sign_in(world).session
    lifecycle.move(world, to=world.now + HOUR)
    jobs.schedule(world, TIMEBOX, session.id, due=EPOCH)
    [happened] = lifecycle.move(world, to=world.now)
    assert happened == FiredJob(at=EPOCH + HOUR, kind=TIMEBOX, target_id=session.id)
    assert world.now == EPOCH + HOUR


def test_jobs_of_one_moment_are_done_in_the_order_they_were_scheduled() -> None:
    world = begin(timebox_seconds=3600)
    ids = [sign_in(world).session.id for _ in range(3)]
    happened = lifecycle.move(world, to=world.now + HOUR)
    assert [one.target_id for one in happened] == ids


def test_a_session_that_ended_otherwise_is_not_ended_again() -> None:
    world = begin(timebox_seconds=3600)
    signed_in = sign_in(world)
    sessions.sign_out(world, actor_of(signed_in), scope="local")
    assert waiting(world) == []
    assert lifecycle.move(world, to=world.now + HOUR) == []


def test_a_session_without_a_timebox_leaves_no_job() -> None:
    world = begin()
    session = sign_in(world).session
    assert waiting(world) == []
    lifecycle.move(world, to=world.now + 366 * DAY)
    assert world.get(Session, session.id) is session


def test_a_refresh_leaves_the_timebox_where_it_is() -> None:
    world = begin(timebox_seconds=3600)
    signed_in = sign_in(world)
    lifecycle.move(world, to=world.now + HOUR - 1)
    sessions.refresh_session(world, refresh_token=signed_in.refresh_token.id)
    assert waiting(world) == [(TIMEBOX, signed_in.session.id, HOUR)]


def test_a_purge_takes_the_other_jobs_of_its_user_along() -> None:
    world = begin(timebox_seconds=40 * 86_400)
    actor = actor_of(sign_in(world))
    data_requests.schedule_deletion(world, actor)
    lifecycle.move(world, to=world.now + 29 * DAY)
    data_requests.request_export(world, actor)
    kinds = [one.kind for one in lifecycle.move(world, to=world.now + 400 * DAY)]
    assert kinds == ["finish export", "purge user"]
    assert world.get(User, actor.user_id) is None
    assert waiting(world) == []


def test_a_purge_takes_along_a_session_whose_time_was_up() -> None:
    world = begin(timebox_seconds=30 * 86_400 - 3600)
    signed_in = sign_in(world)
    data_requests.schedule_deletion(world, actor_of(signed_in))
    kinds = [one.kind for one in lifecycle.move(world, to=world.now + 400 * DAY)]
    assert kinds == ["end session", "purge user"]
    assert world.get(Session, signed_in.session.id) is None
    assert world.get(RefreshToken, signed_in.refresh_token.id) is None
    assert waiting(world) == []


def test_the_clock_never_goes_backwards_nor_past_the_end() -> None:
    world = begin()
    lifecycle.move(world, to=world.now + DAY)
    state = world.state
    for to in (EPOCH, EPOCH + DAY - 1, LATEST + 1):
        with pytest.raises(Invalid):
            lifecycle.move(world, to=to)
    with pytest.raises(Invalid):
        lifecycle.moment_after(world, by=-1)
    assert world.state is state
    assert lifecycle.move(world, to=EPOCH + DAY) == []
    assert world.state is state


def test_a_move_in_steps_ends_where_one_move_does() -> None:
    ends = []
    for steps in (1, 40):
        world = begin(timebox_seconds=86_400)
        actor = actor_of(sign_in(world))
        data_requests.request_export(world, actor)
        data_requests.schedule_deletion(world, actor)
        for _ in range(steps):
            lifecycle.move(world, to=world.now + 40 * DAY // steps)
        ends.append(str(world.state.digest))
    assert ends[0] == ends[1]

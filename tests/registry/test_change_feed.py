"""Change feed: who is woken by which change."""

from __future__ import annotations

import asyncio

import pytest

from emulator.registry.change_feed import ChangeFeed

CHANGES = {"change": ChangeFeed.world_changed, "restart": ChangeFeed.world_restarted}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_wakes_the_waiters_of_its_world_alone(change: str) -> None:
    feed = ChangeFeed()
    here, again, there = (feed.next_change(name) for name in ("here", "here", "there"))
    CHANGES[change](feed, "here")
    assert [event.is_set() for event in (here, again, there)] == [True, True, False]
    assert not feed.next_change("here").is_set()


def test_a_change_of_a_world_has_a_number_that_no_other_has() -> None:
    feed = ChangeFeed()
    assert feed.sequence("here") == 0
    seen = []
    for name in ("here", "there", "here"):
        feed.world_changed(name)
        seen.append(feed.sequence(name))
    feed.world_restarted("here")
    assert feed.sequence("here") == 0
    feed.world_changed("here")
    seen.append(feed.sequence("here"))
    assert seen == sorted(set(seen))


def test_a_waiter_that_is_canceled_leaves_the_others_waiting() -> None:
    async def wait() -> bool:
        feed = ChangeFeed()
        first, second = (asyncio.ensure_future(feed.next_change("here").wait()) for _ in "ab")
        await asyncio.sleep(0)
        first.cancel()
        feed.world_changed("here")
        return await asyncio.wait_for(second, timeout=5)

    assert asyncio.run(wait())

"""How long a session lasts to the real supabase-js, by which clock, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.auth_project import ADA, BOB, USERS, Project
from tests.support.console import Client, Console
from tests.support.server import Running
from tests.support.supabase_clients import MISSING
from tests.support.world_naming import ANY, place_of

WAYS = ANY

MakeProject = Callable[..., Project]


def is_live(client: Client) -> bool:
    """Tell whether the server knows the client's session; else the client must have dropped it."""
    taken = client.call("getUser")
    if taken.error is None:
        return True
    assert (taken.error, client.held()) == (MISSING, None)
    return False


@pytest.mark.parametrize(
    ("scope", "alive"),
    [
        ("local", [False, True, True]),
        ("others", [True, False, True]),
        ("global", [False, False, True]),
    ],
)
def test_a_sign_out_ends_the_sessions_of_its_scope(
    project: MakeProject, scope: str, alive: list[bool]
) -> None:
    here = project()
    clients = [here.signed_in(), here.signed_in(), here.signed_in(BOB)]
    signed_out = clients[0].call("signOut", {"scope": scope})
    assert (signed_out.error, signed_out.requests) == (
        None,
        [f"POST /auth/v1/logout?scope={scope}"],
    )
    if scope != "others":
        assert clients[0].held() is None
    held = [client.held() is not None for client in clients]
    assert held == [scope == "others", True, True]
    live = [is_live(client) for client, is_held in zip(clients, held, strict=True) if is_held]
    assert live == [one for one, is_held in zip(alive, held, strict=True) if is_held]


def test_signing_out_of_a_session_that_has_ended_is_no_error(project: MakeProject) -> None:
    here = project()
    ada = here.signed_in()
    here.control("sessions/expire")
    assert (ada.call("signOut").error, ada.held()) == (None, None)


def test_a_token_of_an_asymmetric_key_is_verified_without_asking_for_the_user(
    project: MakeProject,
) -> None:
    here = project(signing="ES256")
    ada = here.signed_in()
    first, second = ada.call("getClaims"), ada.call("getClaims")
    assert (first.error, second.error) == (None, None)
    assert first.requests in (["GET /auth/v1/.well-known/jwks.json"], [])
    assert second.requests == []
    assert (first.data["header"]["alg"], first.data["claims"]["email"]) == ("ES256", ADA)
    assert is_live(ada)

    held = ada.held()
    assert held is not None
    header, claims, signature = held["access_token"].split(".")
    forged = f"{header}.{claims}.{signature[::-1]}"
    assert ada.call("getClaims", forged).error is not None


def test_a_token_of_an_asymmetric_key_outlives_its_session_as_in_production(
    project: MakeProject,
) -> None:
    here = project(signing="ES256")
    ada = here.signed_in()
    here.control("sessions/expire")
    assert ada.call("getClaims").data["claims"]["email"] == ADA
    assert not is_live(ada)


def test_a_timebox_ends_a_session_and_the_client_is_signed_out(project: MakeProject) -> None:
    here = project(session_timebox="PT8H")
    ada = here.signed_in()
    here.control("clock/advance", seconds=8 * 3600 - 1)
    assert is_live(ada)
    happened = here.control("clock/advance", seconds=1)["happened"]
    assert [one["what"] for one in happened] == ["end session"]
    assert not is_live(ada)


def test_a_refresh_does_not_prolong_a_timebox_and_is_refused_after_it(
    project: MakeProject,
) -> None:
    here = project(session_timebox="PT8H")
    ada = here.signed_in()
    here.control("clock/advance", duration="PT7H")
    assert ada.call("refreshSession").error is None
    here.control("clock/advance", duration="PT1H")
    assert ada.call("refreshSession").code == "session_expired"
    # supabase-js keeps a session whose access token looks good until it is told otherwise.
    assert not is_live(ada)


def test_who_comes_back_after_a_timebox_is_signed_out(project: MakeProject) -> None:
    here = project(session_timebox="PT8H")
    kept = here.signed_in().held()
    assert kept is not None
    here.control("clock/advance", duration="PT8H")
    # As it is the day after: an access token that lasts an hour is over.
    ada = here.client(held={**kept, "expires_at": 1_700_000_000})
    back = ada.call("getSession")
    # Whether this call or the client's own beginning is told why is a matter of their race.
    assert back.data == {"session": None}
    assert back.code in ("session_expired", None)
    assert ada.held() is None


def test_expiring_one_session_ends_only_that_one(project: MakeProject) -> None:
    here = project()
    first, second = here.signed_in(), here.signed_in()
    session_id = first.call("getClaims").data["claims"]["session_id"]
    assert here.control("sessions/expire", session_id=session_id) == {"ended": 1}
    assert [is_live(first), is_live(second)] == [False, True]


def test_expiring_a_users_sessions_leaves_those_of_others(project: MakeProject) -> None:
    here = project()
    clients = [here.signed_in(), here.signed_in(), here.signed_in(BOB)]
    assert here.control("sessions/expire", email=ADA) == {"ended": 2}
    assert [is_live(client) for client in clients] == [False, False, True]


def test_expiring_all_sessions_ends_all(project: MakeProject) -> None:
    here = project()
    clients = [here.signed_in(), here.signed_in(BOB)]
    assert here.control("sessions/expire") == {"ended": 2}
    assert [is_live(client) for client in clients] == [False, False]


def test_a_year_ends_no_session_without_a_timebox_and_makes_no_refresh(
    project: MakeProject,
) -> None:
    here = project()
    ada = here.signed_in()
    before = ada.held()
    here.control("clock/advance", duration="P366D")
    asked = [ada.call("getSession") for _ in range(3)]
    assert [taken.requests for taken in asked] == [[], [], []]
    assert [taken.session for taken in asked] == [before] * 3
    assert is_live(ada)

    late = here.signed_in()
    assert [late.call("getSession").requests for _ in range(3)] == [[], [], []]
    assert [late.call("getClaims").error, ada.call("refreshSession").error] == [None, None]


def test_under_the_wall_clock_sessions_last_and_end_alike(
    launch: Callable[..., Running], console: Console, tmp_path: Path
) -> None:
    seed = tmp_path / "wall.json"
    seed.write_text(json.dumps({"users": USERS}), "utf-8")
    here = Project(place_of(launch("--seed", str(seed), "--clock", "wall")), console)
    ada = here.signed_in()
    asked = [ada.call("getSession") for _ in range(3)]
    assert [taken.requests for taken in asked] == [[], [], []]
    assert asked[0].session["expires_in"] == 3600
    assert ada.call("refreshSession").error is None
    assert is_live(ada)
    here.control("sessions/expire")
    assert not is_live(ada)

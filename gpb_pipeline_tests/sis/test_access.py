"""Tokens that end, are refused and are asked for in two ways; a 403 for one class, and one for the client."""

from dataclasses import replace

import pytest
from starlette.responses import JSONResponse, Response

from gpb_pipeline.sis import tokens
from gpb_pipeline.sis.errors import AccessError, ForbiddenError, RefusedError
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import OneRosterServer, Seen
from gpb_pipeline_tests.sis.samples import LINE_ITEM, RESULT

FORBIDDEN = JSONResponse({"imsx_codeMinor": "forbidden"}, 403)


class Clock:
    """The time of tokens, which a test moves on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tokens, "monotonic", clock)
    return clock


@pytest.mark.parametrize(
    ("life", "lives", "ends"), [(3600, 3500, 3545), ("3600", 3500, 3545), (10, 8.9, 9.1), (0.5, 0.4, 0.46)]
)
def test_a_token_is_renewed_shortly_before_it_ends(
    sis: OneRosterServer, connect: Connect, clock: Clock, life: object, lives: float, ends: float
) -> None:
    sis.token_life = life
    client = connect()
    client.put_result(RESULT)
    clock.now = 1000.0 + lives
    client.put_result(RESULT)
    assert len(sis.token_forms) == 1
    clock.now = 1000.0 + ends
    client.put_result(RESULT)
    assert len(sis.token_forms) == 2
    assert sis.methods() == ["PUT"] * 3  # none was refused


@pytest.mark.parametrize("life", [None, 0, -5, "soon", True, [], 10**400, 10**12])
def test_a_life_that_is_no_time_is_not_gone_by(
    sis: OneRosterServer, connect: Connect, clock: Clock, life: object
) -> None:
    sis.token_life = life
    client = connect()
    client.put_result(RESULT)
    clock.now += 365 * 86400
    client.put_result(RESULT)
    assert len(sis.token_forms) == 1


def test_id_and_secret_go_in_the_form_where_the_sis_wants_them_there(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.token_auth = "form"
    with pytest.raises(AccessError, match=r"SIS token.*SIS_TOKEN_AUTH"):
        connect().authorize()
    connect(token_auth="form").put_result(RESULT)
    assert sis.token_forms[-1]["client_id"] == ["key"]


@pytest.mark.parametrize("status", [400, 401, 403, 415, 422])
def test_a_token_address_that_takes_them_elsewhere_is_a_matter_of_access(
    sis: OneRosterServer, connect: Connect, status: int
) -> None:
    sis.token_faults.append(Response(status_code=status))
    with pytest.raises(AccessError):
        connect().authorize()


def _expired(sis: OneRosterServer) -> None:
    """From now on the token is met with 403, until there is another."""
    old = sis.live_token
    sis.rule = lambda seen: FORBIDDEN if sis.live_token == old else None


def test_an_expired_token_that_is_met_with_403_is_renewed_and_the_same_write_replayed(
    sis: OneRosterServer, connect: Connect
) -> None:
    client = connect()
    client.put_line_item(LINE_ITEM)
    _expired(sis)
    client.put_result(RESULT)
    assert len(sis.token_forms) == 2
    refused, replayed = sis.seen[-2:]
    assert (refused.path, refused.body) == (replayed.path, replayed.body)


def _class_of(seen: Seen) -> str:
    return str(next(iter(seen.body.values()))["class"]["sourcedId"])


def test_403_for_one_class_costs_what_is_of_that_class(sis: OneRosterServer, connect: Connect) -> None:
    sis.rule = lambda seen: FORBIDDEN if _class_of(seen) == "C101" else None
    client = connect()
    for number in range(30):
        with pytest.raises(ForbiddenError, match=r"HTTP 403 \(forbidden\)") as raised:
            client.put_line_item(replace(LINE_ITEM, sourced_id=f"li-{number}"))
        assert raised.value.code == "sis_refused"
    assert client.put_line_item(replace(LINE_ITEM, class_id="C2"))
    assert len(sis.token_forms) == 2  # the token was doubted once, not for every row


def test_403_for_one_class_after_others_were_answered_is_never_the_client(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.rule = lambda seen: None if _class_of(seen) == "C0" else FORBIDDEN
    client = connect()
    client.put_line_item(replace(LINE_ITEM, class_id="C0"))
    for number in range(1, 6):
        with pytest.raises(ForbiddenError):
            client.put_line_item(replace(LINE_ITEM, class_id=f"C{number}"))


def test_403_for_writing_to_any_class_is_the_client(sis: OneRosterServer, connect: Connect) -> None:
    sis.rule = lambda seen: FORBIDDEN if seen.method == "PUT" else None
    sis.collections["/categories"] = ("categories", [])
    client = connect()
    client.categories()
    errors = []
    for number in range(3):
        with pytest.raises(RefusedError, match="HTTP 403") as raised:
            client.put_line_item(replace(LINE_ITEM, class_id=f"C{number}"))
        errors.append(type(raised.value))
    assert errors == [ForbiddenError, ForbiddenError, AccessError]


def test_403_for_what_is_every_classs_is_the_client_at_once(sis: OneRosterServer, connect: Connect) -> None:
    sis.rule = lambda seen: FORBIDDEN
    with pytest.raises(AccessError, match=r"HTTP 403 \(forbidden\).*SIS_SCOPE") as raised:
        connect().categories()
    assert raised.value.code == "sis_access"


def test_a_403_names_what_was_asked(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/academicSessions"] = ("academicSessions", [])
    client = connect()
    client.academic_sessions()
    client.put_result(RESULT)
    sis.rule = lambda _: FORBIDDEN
    with pytest.raises(ForbiddenError, match=r"let these credentials read categories\.$"):
        client.categories()
    with pytest.raises(ForbiddenError, match=r"let these credentials change result r-c101-9001-ST1\.$"):
        client.put_result(RESULT)

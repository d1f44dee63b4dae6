"""SIS_BASE_URL names another host: nothing is sent until someone says which SIS that is."""

import pytest

from gpb_pipeline.sync import Posting
from gpb_pipeline.warehouse.which_sis import OtherSisError
from gpb_pipeline_tests.cli.command import Done, gpb
from gpb_pipeline_tests.sync.desk import SPANISH, Desk
from gpb_pipeline_tests.sync.test_temperaments import GRADES, ITEMS, states

HERE, THERE = "127.0.0.1", "localhost"


@pytest.fixture
def moved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A district whose Spanish is synced, and whose SIS_BASE_URL has changed since."""
    desk.sync_one(SPANISH)
    point_to(THERE, desk, monkeypatch)
    return desk


def point_to(host: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    address = desk.sandbox.environment["SIS_BASE_URL"]
    monkeypatch.setenv("SIS_BASE_URL", address.replace(HERE, host))


def said(done: Done) -> str:
    assert done.status == 0, done.err
    return done.out


def test_nothing_is_sent_to_a_host_that_nobody_has_spoken_for(moved: Desk) -> None:
    before = moved.written()
    for posting in (Posting.GRADES, Posting.NOTHING):
        with pytest.raises(OtherSisError) as stopped:
            moved.sync_one(SPANISH, posting=posting)
        told = str(stopped.value)
        assert told.startswith(f"SIS_BASE_URL: names {THERE}, and what was sent so far is held by {HERE}.")
        assert stopped.value.code == "sis_changed"
    assert moved.written() == before
    told = gpb("reconcile", SPANISH).err
    assert told.count("\n") == 1
    assert "`gpb sis same`" in told
    assert "`gpb sis another`" in told
    assert "say `gpb sis same` or `gpb sis another`" in said(gpb("sis", "show"))


def test_the_same_sis_at_another_address_goes_on_from_what_it_holds(
    moved: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = moved.written()
    said(gpb("sis", "same", "--by", "Ms. Rivera"))
    assert states(moved.sync_one(SPANISH)) == {"unchanged": GRADES}
    point_to(HERE, moved, monkeypatch)  # both are known from now on
    assert states(moved.sync_one(SPANISH)) == {"unchanged": GRADES}
    assert moved.written() == before
    assert gpb("sis", "show", "--json").json["hosts"] == [HERE, THERE]


@pytest.mark.long
def test_another_sis_has_holdings_of_its_own_and_the_first_keeps_its(
    moved: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved.sandbox.reset()  # as new, and without any grade
    assert "0 line items and 0 results" in said(gpb("sis", "another"))
    assert states(moved.sync_one(SPANISH)) == {"created": GRADES}
    point_to(HERE, moved, monkeypatch)
    with pytest.raises(OtherSisError):
        moved.sync_one(SPANISH)
    assert f"{ITEMS} line items and {GRADES} results" in said(gpb("sis", "another"))
    assert states(moved.sync_one(SPANISH)) == {"unchanged": GRADES}
    found = gpb("sis", "show", "--json").json
    assert found == {"host": HERE, "hosts": [HERE], "line_items": ITEMS, "results": GRADES}


def test_what_is_known_already_is_not_another(desk: Desk) -> None:
    desk.sync_one(SPANISH)
    refused = gpb("sis", "another")
    assert refused.status == 2
    assert "is known as the SIS" in refused.err


def test_before_anything_was_sent_nobody_is_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Nothing was sent yet" in said(gpb("sis", "show"))
    desk.events(desk.request(SPANISH, posting=Posting.NOTHING))
    point_to(THERE, desk, monkeypatch)
    assert states(desk.sync_one(SPANISH)) == {"created": GRADES}

"""`gpb reconcile` and `gpb retract` as people use them: the remedies offered work, and counts agree."""

from pathlib import Path

import pytest

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.cli.command import gpb, settle_in
from gpb_pipeline_tests.sandbox.clients import CanvasUser

SPANISH = "1006"
COMPLETED, FAILED, USAGE = 0, 1, 2


@pytest.fixture(autouse=True)
def sandbox(running: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    running.reset()
    settle_in(monkeypatch, tmp_path, running.environment | {"DAGSTER_HOME": str(tmp_path / "home")})
    assert gpb("sync", SPANISH).status == COMPLETED
    return running


def empty_by_hand(sandbox: Sandbox) -> None:
    for each in sandbox.state()["line_items"]:
        sandbox.control("sis", "DELETE", f"/line_items/{each['sourced_id']}")


@pytest.mark.long
def test_a_gradebook_that_was_emptied_by_hand_is_mended_with_confirm(sandbox: Sandbox) -> None:
    empty_by_hand(sandbox)
    refused = gpb("reconcile", SPANISH)
    assert refused.status == FAILED
    assert "--confirm believes it" in refused.err
    assert "missing_in_sis" in gpb("reconcile", SPANISH, "--confirm").out
    mended = gpb("reconcile", SPANISH, "--mend", "missing_in_sis", "--confirm", "--yes")
    assert (mended.status, mended.out.splitlines()[-1]) == (COMPLETED, "3 columns and 30 grades written.")
    assert len(sandbox.state()["line_items"]) == 3


@pytest.mark.long
def test_confirm_believes_only_courses_that_are_named_and_says_what(sandbox: Sandbox) -> None:
    [class_id] = {each["class_id"] for each in sandbox.state()["line_items"]}
    empty_by_hand(sandbox)
    unnamed = gpb("reconcile", "--confirm")
    assert unnamed.status == FAILED
    assert f"course {SPANISH}, gradebook of class {class_id}" in unnamed.err
    assert "where the course is named" in unnamed.err
    named = gpb("reconcile", SPANISH, "--confirm")
    assert f"course {SPANISH}, gradebook of class {class_id}: A list without rows" in named.err


@pytest.mark.long
def test_a_retract_believes_an_emptied_gradebook_with_confirm(sandbox: Sandbox) -> None:
    empty_by_hand(sandbox)
    assert gpb("retract", SPANISH).status == FAILED
    assert gpb("retract", SPANISH, "--confirm").status == COMPLETED


def test_what_is_asked_and_what_was_done_are_counted_alike(sandbox: Sandbox) -> None:
    path = f"/courses/{SPANISH}/assignments"
    ticked = next(each for each in CanvasUser(sandbox).all(path) if each["post_to_sis"])
    sandbox.control("canvas", "PATCH", f"{path}/{ticked['id']}", {"post_to_sis": False})
    asked = gpb("retract", SPANISH, "--all", "--confirm")
    assert asked.status == USAGE
    assert "Take back 1 column and 10 grades in the SIS?" in asked.err
    done = gpb("retract", SPANISH, "--all", "--confirm", "--yes")
    assert (done.status, done.out.splitlines()[-1]) == (COMPLETED, "1 column and 10 grades taken back.")

"""`gpb init` on a terminal: each setting tried as it is given, no secret shown, nothing else of .env lost."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.cli import env_file
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.cli.command import gpb, settle_in
from gpb_pipeline_tests.cli.terminal import Terminal, on_terminal


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    monkeypatch.chdir(tmp_path)
    with running_sandbox() as running:
        yield running


def answer(terminal: Terminal, question: str, line: str) -> None:
    terminal.wait_for(question)
    terminal.type(line)


def connect_sis(terminal: Terminal, settings: Mapping[str, str]) -> None:
    answer(terminal, "Address of the SIS", settings["SIS_BASE_URL"])
    answer(terminal, "client id", settings["SIS_CLIENT_ID"])
    answer(terminal, "client secret", settings["SIS_CLIENT_SECRET"])
    answer(terminal, "Address of its tokens", settings["SIS_TOKEN_URL"])
    answer(terminal, "Id and secret are sent", "")
    answer(terminal, "sourcedId or identifier", "")


def test_a_district_is_connected_up_to_a_preview_with_nothing_sent(sandbox: Sandbox) -> None:
    given = sandbox.environment
    with on_terminal("init") as terminal:
        answer(terminal, "Address of your Canvas", "http://127.0.0.1:9")
        answer(terminal, "nothing answers at that address", "")  # answer again: yes
        answer(terminal, "Address of your Canvas", f"{given['CANVAS_BASE_URL']}/api/v1/")
        answer(terminal, "ends in /api/v1, which is added to it", "")
        answer(terminal, "Address of your Canvas", given["CANVAS_BASE_URL"])
        answer(terminal, "Access token", "wrong-token")
        answer(terminal, "Canvas refuses the token", "")
        answer(terminal, "Access token", given["CANVAS_API_TOKEN"])
        answer(terminal, "Canvas account", given["CANVAS_ACCOUNT_ID"])
        answer(terminal, "[America/New_York]", "Mars/Phobos")
        answer(terminal, "not an IANA time zone", "")
        answer(terminal, "[America/New_York]", "")  # and not what was refused
        answer(terminal, "oneroster-1.1 (SchoolTool)", "1.1")
        connect_sis(terminal, given)
        answer(terminal, "Who chooses the sourcedIds", "")
        answer(terminal, "name of the district", "sandbox")
        answer(terminal, "Which course?", "Algebra")
        answer(terminal, "COURSE 'Algebra': is no course id.", "9999")
        answer(terminal, "course 9999: Canvas has no such item", "1001")
        assert terminal.end() == 0
        seen = terminal.seen
    assert "would create" in seen
    assert seen.count("FAILED") == 6
    assert not {given["CANVAS_API_TOKEN"], given["SIS_CLIENT_SECRET"], "wrong-token"} & set(seen.split())
    assert sandbox.writes() == []
    assert stat.S_IMODE(Path(".env").stat().st_mode) == 0o600
    held = env_file.read(Path(".env"))
    assert held.items() <= given.items() | {("SIS_CLASS_MATCH", "sourcedId"), ("SIS_TOKEN_AUTH", "basic")}
    assert gpb("doctor").status == 0


@pytest.mark.long
def test_a_sis_that_chooses_the_ids_is_asked_about_and_then_takes_what_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settle_in(monkeypatch, tmp_path, {})
    with running_sandbox(dialect="oneroster-1.2", id_mode="provider") as sandbox:
        given = sandbox.environment
        with on_terminal("init") as terminal:
            answer(terminal, "Address of your Canvas", given["CANVAS_BASE_URL"])
            answer(terminal, "Access token", given["CANVAS_API_TOKEN"])
            answer(terminal, "Canvas account", given["CANVAS_ACCOUNT_ID"])
            answer(terminal, "[America/New_York]", "")
            answer(terminal, "oneroster-1.1 (SchoolTool)", "1.2")
            connect_sis(terminal, given)
            answer(terminal, "Who chooses the sourcedIds", "provider")
            answer(terminal, "name of the district", "sandbox")
            answer(terminal, "Which course?", "later")
            assert terminal.end() == 0
            assert "No reading shows which." in " ".join(terminal.seen.split())
            assert "SIS_ID_MODE is provider: the SIS chooses" in terminal.seen
        held = env_file.read(Path(".env"))
        assert (held["SIS_DIALECT"], held["SIS_ID_MODE"]) == ("oneroster-1.2", "provider")
        assert gpb("sync", "1001").status == 0
        assert len(sandbox.writes()) == 8 + 64


def test_an_interruption_leaves_everything_as_it_was(sandbox: Sandbox) -> None:
    Path(".env").write_text("GPB_TENANT=district\n")
    with on_terminal("init") as terminal:
        answer(terminal, "Address of your Canvas", sandbox.canvas_url)
        terminal.wait_for("Access token")
        assert terminal.interrupt_prompt() == 130
        assert "Traceback" not in terminal.seen
    assert [path.name for path in Path().iterdir()] == [".env"]
    assert Path(".env").read_text() == "GPB_TENANT=district\n"


def test_without_a_terminal_it_asks_nothing() -> None:
    done = gpb("init")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert ".env.example" in done.err


def test_lines_that_were_not_asked_about_stay() -> None:
    before = "# ours\nSIS_TIMEOUT=60\n#GPB_TENANT=default\nexport CANVAS_BASE_URL=http://old.example\n"
    given = {"GPB_TENANT": "north", "CANVAS_BASE_URL": "https://new.example", "SIS_CLIENT_ID": "a b"}
    assert env_file.changed(before, given) == (
        "# ours\nSIS_TIMEOUT=60\nGPB_TENANT=north\nCANVAS_BASE_URL=https://new.example\nSIS_CLIENT_ID='a b'\n"
    )


@given(
    st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1)
    .map(str.strip)
    .filter(bool)
)
def test_whatever_a_secret_is_made_of_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, secret: str
) -> None:
    path = tmp_path_factory.mktemp("district") / ".env"
    env_file.write(path, {"SIS_CLIENT_SECRET": secret})
    assert env_file.read(path)["SIS_CLIENT_SECRET"] == secret

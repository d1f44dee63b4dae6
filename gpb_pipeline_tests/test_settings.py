"""Settings as an operator meets them: from the environment, from .env, and wrong."""

import re
from datetime import time
from pathlib import Path

import pytest

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import (
    AlertSettings,
    CanvasSettings,
    NightlySettings,
    PassbackSettings,
    RetentionSettings,
    SisSettings,
    WarehouseSettings,
    WebSettings,
    known_names,
    misspelt,
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CANVAS_BASE_URL", "CANVAS_API_TOKEN", "SIS_BASE_URL", "GPB_CATALOG", "GPB_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_missing_setting_is_named_with_what_to_do() -> None:
    with pytest.raises(SettingsError, match="CANVAS_BASE_URL: is not set"):
        CanvasSettings.load()


def test_the_environment_beats_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("CANVAS_BASE_URL=https://file.example\nCANVAS_API_TOKEN=t\n")
    assert CanvasSettings.load().base_url == "https://file.example"
    monkeypatch.setenv("CANVAS_BASE_URL", "https://canvas.example.edu/")
    assert CanvasSettings.load().base_url == "https://canvas.example.edu"


def test_a_secret_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVAS_BASE_URL", "https://canvas.example.edu")
    monkeypatch.setenv("CANVAS_API_TOKEN", "hunter2")
    assert "hunter2" not in repr(CanvasSettings.load())


@pytest.mark.parametrize(
    ("variable", "value", "group"),
    [
        ("CANVAS_BASE_URL", "canvas.example.edu", CanvasSettings),
        ("GPB_TIMEZONE", "Eastern", PassbackSettings),
        ("GPB_TIMEZONE", "Eastern", CanvasSettings),
        ("GPB_NIGHTLY_AT", "25:00", NightlySettings),
        ("GPB_NIGHTLY_AT", "10pm", NightlySettings),
        ("SIS_DIALECT", "oneroster-2.0", SisSettings),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    group: type[CanvasSettings | PassbackSettings | NightlySettings | SisSettings],
) -> None:
    for name in ("CANVAS_BASE_URL", "SIS_BASE_URL"):
        monkeypatch.setenv(name, "https://server.example")
    for name in ("CANVAS_API_TOKEN", "SIS_CLIENT_ID", "SIS_CLIENT_SECRET"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable}: ") as wrong:
        group.load()
    assert value not in str(wrong.value)


@pytest.mark.parametrize("group", [CanvasSettings, SisSettings, AlertSettings])
def test_an_address_in_the_clear_is_refused_but_on_this_machine_or_where_it_is_allowed(
    monkeypatch: pytest.MonkeyPatch, group: type[CanvasSettings | SisSettings | AlertSettings]
) -> None:
    names = {CanvasSettings: "CANVAS_BASE_URL", SisSettings: "SIS_BASE_URL"}
    name = names.get(group, "GPB_ALERT_WEBHOOK")
    for needed in ("CANVAS_API_TOKEN", "SIS_CLIENT_ID", "SIS_CLIENT_SECRET"):
        monkeypatch.setenv(needed, "x")
    for address in ("http://127.0.0.1:1", "http://[::1]/x", "http://localhost/x", "https://far.example"):
        monkeypatch.setenv(name, address)
        group.load()
    monkeypatch.setenv(name, "http://far.example/secret")
    with pytest.raises(SettingsError, match=f"^{name}: is http://.*GPB_ALLOW_HTTP=true") as refused:
        group.load()
    assert "far.example" not in str(refused.value)
    monkeypatch.setenv("GPB_ALLOW_HTTP", "true")
    group.load()


def test_the_nightly_time_is_a_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPB_NIGHTLY_AT", "23:30")
    assert NightlySettings.load().at == time(23, 30)


def test_the_catalogue_is_sqlite_or_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    assert WarehouseSettings.load().embedded_catalog == Path(".gpb/catalog.sqlite")
    monkeypatch.setenv("GPB_CATALOG", "postgres:dbname=gpb")
    assert WarehouseSettings.load().embedded_catalog is None
    monkeypatch.setenv("GPB_CATALOG", "mysql:gpb")
    with pytest.raises(SettingsError, match="GPB_CATALOG"):
        _ = WarehouseSettings.load().embedded_catalog


def test_the_example_names_every_setting_and_no_other() -> None:
    example = Path(__file__).parents[1].joinpath(".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, flags=re.MULTILINE))
    assert named == known_names()


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    example = Path(__file__).parents[1].joinpath(".env.example").read_text()
    shown = dict(re.findall(r"^#([A-Z][A-Z0-9_]+)=(.*)$", example, flags=re.MULTILINE))
    for group in (
        PassbackSettings,
        NightlySettings,
        WarehouseSettings,
        RetentionSettings,
        WebSettings,
        AlertSettings,
    ):
        defaults = group.load()
        for name, value in shown.items():
            monkeypatch.setenv(name, value)
        assert group.load() == defaults


def test_a_misspelt_setting_is_told_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SIS_DIALET=oneroster-1.2\nGPB_UNHEARD_OF=1\nGPB_TENANT=here\n")
    monkeypatch.setenv("CANVAS_API_TOKN", "hunter2")
    monkeypatch.setenv("CANVAS_LMS_PLUGIN", "somebody else's")
    assert list(misspelt()) == [
        "CANVAS_API_TOKN is no setting and is ignored: did you mean CANVAS_API_TOKEN?",
        "GPB_UNHEARD_OF is no setting and is ignored: see .env.example for what there is.",
        "SIS_DIALET is no setting and is ignored: did you mean SIS_DIALECT?",
    ]


def test_a_file_with_a_mark_of_its_encoding_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("GPB_TIMEZONE=America/Chicago\n", encoding="utf-8-sig")
    assert PassbackSettings.load().timezone == "America/Chicago"
    assert list(misspelt()) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_that_is_not_utf_8_is_one_clear_error(encoding: str) -> None:
    Path(".env").write_bytes("GPB_TENANT=Schöneck\n".encode(encoding))
    with pytest.raises(SettingsError, match=r"^\.env: is not UTF-8 text"):
        list(misspelt())


@pytest.mark.parametrize("written", ["pa${HOME}ss$1", "'pa${HOME}ss$1'", '"pa${HOME}ss$1"'])
def test_a_secret_with_a_dollar_in_it_is_read_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """As `gpb init` writes and reads it; else the one that was just accepted would be refused."""
    monkeypatch.delenv("CANVAS_API_TOKEN", raising=False)
    Path(".env").write_text(f"CANVAS_API_TOKEN={written}\nCANVAS_BASE_URL=https://canvas.example\n")
    assert CanvasSettings.load().api_token.get_secret_value() == "pa${HOME}ss$1"


def test_another_file_can_stand_in_for_env(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("GPB_TENANT=district\n")
    Path("other").write_text("GPB_TENANT=sandbox\n")
    monkeypatch.setenv("GPB_ENV_FILE", "other")
    assert PassbackSettings.load().tenant == "sandbox"

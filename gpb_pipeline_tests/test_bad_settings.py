"""Every setting, as the groups themselves name them, with what cannot be meant: one line that names it.

What is wrong is told when the group is read, before anything is done with it, and without its value.
"""

import typing
from datetime import time
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from gpb_pipeline import setting_kinds
from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import GROUPS, known_names, variable

NEEDED = {
    "CANVAS_BASE_URL": "https://canvas.example",
    "CANVAS_API_TOKEN": "t",
    "SIS_BASE_URL": "https://sis.example",
    "SIS_CLIENT_ID": "i",
    "SIS_CLIENT_SECRET": "s",
}
NO_TEXT = ("\x01", "  ", "a\nb", "a\r\nHost: x", "\x7f", "\udcff", "x" * 100_000)
NO_WORD = ("\U0001f600", "-1e", "nan", "9" * 400, "{", "[1]", "' OR 1=1 --", "../..", "yes please")
NO_URL = (
    "canvas.example",
    "https://",
    "https://[",
    "https://a b",
    "https://a:99999",
    "ftp://a",
    "https://a/#b",
    "https://a..b",
    f"https://{'a' * 64}.example",
)
FIELDS = [(group, name, field) for group in GROUPS for name, field in group.model_fields.items()]


def wrong_values(field: FieldInfo) -> tuple[str, ...]:
    """What a field of this kind cannot be, by its annotation."""
    kinds = {field.annotation, *typing.get_args(field.annotation)}
    marks = {str(each) for each in (*field.metadata, *kinds)}
    if (
        kinds & {int, float, bool, time, dict[str, str]}
        or typing.get_origin(field.annotation) is typing.Literal
    ):
        return (*NO_TEXT, *NO_WORD)
    if any("_http_url" in each for each in marks):
        return (*NO_TEXT, *NO_WORD, *NO_URL)
    if any("AfterValidator" in each for each in marks):
        return (*NO_TEXT, "\U0001f600")
    return NO_TEXT


def read_with(group: type[BaseSettings], name: str, value: str) -> SettingsError | None:
    """Read a group with one variable as given; its refusal, None where it is taken."""
    environment = NEEDED | {name: value}
    with pytest.MonkeyPatch.context() as patch:
        for each in known_names():
            patch.delenv(each, raising=False)
        for each, text in environment.items():
            patch.setenv(each, text)
        try:
            group.load()  # type: ignore[attr-defined]
        except SettingsError as refused:
            return refused
    return None


@pytest.mark.parametrize(
    ("group", "name", "field"), FIELDS, ids=lambda each: each if isinstance(each, str) else ""
)
def test_what_a_setting_cannot_be_is_one_line_that_names_it(
    group: type[BaseSettings], name: str, field: FieldInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = variable(group, str(field.validation_alias or name))
    for value in wrong_values(field):
        refused = read_with(group, named, value)
        assert refused is not None, value[:40]
        assert refused.item == named
        assert "\n" not in str(refused)
        assert len(str(refused)) < 300
        assert len(value) < 9 or value not in str(refused)


def test_every_kind_of_value_is_met() -> None:
    """So that a kind that is added does not pass for free text."""
    by_kind = {wrong_values(field) for _, _, field in FIELDS}
    assert len(by_kind) == 4
    urls = [name for _, name, field in FIELDS if wrong_values(field)[-1] == NO_URL[-1]]
    assert set(urls) == {
        "base_url",
        "token_url",
        "url",
        "authorize_url",
        "jwks_url",
        "s3_endpoint",
        "webhook",
        "good_night",
    }


def test_a_setting_that_is_missing_is_named() -> None:
    for group, name, field in FIELDS:
        if field.is_required():
            named = variable(group, name)
            refused = read_with(group, named, "")
            assert refused is not None
            assert str(refused).startswith(f"{named}: is not set. ")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SIS_HEADERS", '{"a b": "c"}', "what is no header"),
        ("SIS_HEADERS", '{"a": "b\\r\\nHost: x"}', "no text"),
        ("SIS_QUERY", '{"a": 1}', "not a JSON object of texts"),
        ("GPB_WEB_TRUSTED_PROXIES", "10.0.0.1,proxy.example", "not IP addresses"),
        ("GPB_LTI_FRAME_ORIGINS", "https://a; script-src *", "has a space"),
        ("SIS_BASE_URL", "https://sis.example/v1p1?key=1", "has a query"),
        ("GPB_WRITE_HOSTS", " , ", "names no host"),
        ("GPB_WRITE_HOSTS", "https://sis.example", "without https:// and port"),
        ("GPB_WRITE_HOSTS", "sis.example:8443", "without https:// and port"),
        ("GPB_ALERT_WEBHOOK", "hooks.slack.example/T1", "not an http:// or https:// URL"),
        ("GPB_S3_ENDPOINT", "https://s3.example:9000/minio", "has a path"),
        ("GPB_DATA_PATH", "gs://bucket/lake", "neither a folder nor s3://"),
        ("CANVAS_TIMEOUT", "inf", "3600"),
        ("GPB_KEEP_LOOKS_DAYS", "99999", "36500"),
        ("DAGSTER_HOME", "~nobody-here/dagster", "begins with ~"),
    ],
)
def test_what_is_nearly_right_is_told_with_what_is_wrong(name: str, value: str, told: str) -> None:
    group = next(
        each for each, field, info in FIELDS if variable(each, str(info.validation_alias or field)) == name
    )
    refused = read_with(group, name, value)
    assert refused is not None
    assert told in str(refused)


def test_space_around_a_setting_is_no_part_of_it() -> None:
    """As a secret has it that was read from a file."""
    assert setting_kinds.legible(" secret\n") == "secret"

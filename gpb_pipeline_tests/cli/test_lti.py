"""`gpb lti`: what an admin pastes, and keys that are made once, private, and rotated; `gpb doctor` of it."""

import json
import stat
from pathlib import Path

import pytest

from gpb_pipeline.lti import keys
from gpb_pipeline.sandbox.serve import running_sandbox
from gpb_pipeline_tests.cli.command import gpb, settle_in

URL = "https://grades.district.example"


def test_the_configuration_names_our_addresses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settle_in(monkeypatch, tmp_path, {"GPB_WEB_URL": URL, "GPB_LTI_NEW_TAB": "true"})
    told = json.loads(gpb("lti", "config").out)
    assert told["public_jwk_url"] == f"{URL}/lti/jwks"
    [extension] = told["extensions"]
    assert extension["domain"] == "grades.district.example"
    assert extension["privacy_level"] == "anonymous"
    assert extension["settings"]["placements"][0]["windowTarget"] == "_blank"


def test_keys_are_made_once_private_and_rotated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settle_in(monkeypatch, tmp_path, {"GPB_LTI_KEYS": str(tmp_path / "own" / "keys.json")})
    path = tmp_path / "own" / "keys.json"
    assert "Made" in gpb("lti", "keys").out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = keys.load(path)
    assert "already" in gpb("lti", "keys").out
    assert keys.load(path) == first
    for _ in range(2):
        assert gpb("lti", "keys", "--rotate").status == 0
    assert len(keys.load(path).pairs) == keys.KEPT
    assert first.pairs[0] not in keys.load(path).pairs
    assert keys.load(path).session_secret == first.session_secret
    gpb("lti", "keys", "--rotate", "--end-sessions")
    assert keys.load(path).session_secret != first.session_secret
    assert first.session_secret not in repr(first)
    path.write_text("{}")
    assert "GPB_LTI_KEYS" in gpb("lti", "keys").err


@pytest.mark.long
def test_the_doctor_looks_at_the_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with running_sandbox() as sandbox:
        registration = sandbox.install_tool("http://localhost:8080")
        settle_in(monkeypatch, tmp_path, sandbox.environment | registration)
        assert "FAILED  Tool in Canvas: GPB_LTI_KEYS" in gpb("doctor").out
        gpb("lti", "keys")
        told = gpb("doctor").out
        assert "ok      Tool in Canvas: registered as 10000000000042" in told
        assert "; 1 pair of keys" in told
        for name, value in (
            ("GPB_LTI_DEPLOYMENTS", ""),
            ("GPB_LTI_JWKS_URL", sandbox.sis_url),
            ("GPB_WEB_URL", "http://grades.district.example"),
        ):
            with monkeypatch.context() as wrong:
                wrong.setenv(name, value)
                assert f"FAILED  Tool in Canvas: {name}" in gpb("doctor").out

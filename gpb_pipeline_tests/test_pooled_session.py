"""What no request can be made of, as each side that asks tells it: by its setting, and no traceback."""

from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.errors import SettingsError, TransientError
from gpb_pipeline.lti.canvas_keys import CanvasKeys
from gpb_pipeline.orchestration.webhook import post
from gpb_pipeline.outages import Outage, outage_of
from gpb_pipeline.pooled_session import pooled_session
from gpb_pipeline.settings import AlertSettings, CanvasSettings, SisSettings
from gpb_pipeline.sis.client import OneRosterClient


def test_certificates_that_are_not_there_name_their_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # away from any .env
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    address = "https://district.invalid"
    with (
        CanvasClient(CanvasSettings(base_url=address, api_token=SecretStr("t"))) as canvas,
        pytest.raises(SettingsError, match="REQUESTS_CA_BUNDLE: Canvas cannot be asked"),
    ):
        canvas.get("courses/7", item="course 7")
    sis = SisSettings(base_url=address, client_id="i", client_secret=SecretStr("s"))
    with (
        OneRosterClient(sis) as client,
        pytest.raises(SettingsError, match="REQUESTS_CA_BUNDLE: the SIS cannot be asked"),
    ):
        client.categories()
    with pytest.raises(TransientError, match="alert webhook: it did not answer"):
        post("A bad night.", AlertSettings(webhook=SecretStr(address)))
    assert not CanvasKeys(address, lambda: 0.0).fetched()


@pytest.mark.parametrize("host", ["canvas..invalid", f"{'a' * 64}.invalid"])
def test_a_host_that_can_be_none_is_told_as_what_requests_tell(host: str) -> None:
    with (
        pooled_session(f"http://{host}", connections=1) as session,
        pytest.raises(requests.RequestException) as told,
    ):
        session.get(f"http://{host}", timeout=5)
    assert outage_of(told.value) is Outage.IMPOSSIBLE

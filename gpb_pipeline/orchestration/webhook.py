"""Calls the two addresses of alerts: a chat's incoming webhook, and what waits for each good night.

What the digest says is in alerts.py; when they are called, in sensors.py and good_night.py. An address is a
secret, so it stands in no error, and where it leads elsewhere that is not followed.
"""

from html import escape
from http import HTTPStatus
from typing import Any

import requests
from pydantic import SecretStr

from gpb_pipeline.errors import PermanentError, TransientError
from gpb_pipeline.pooled_session import pooled_session
from gpb_pipeline.settings import AlertSettings

TIMEOUT = 10.0  # seconds


def post(text: str, settings: AlertSettings) -> bool:
    """Send a digest in the format that the chat takes, if there is a webhook; tells whether there is."""
    remedy = "Check GPB_ALERT_WEBHOOK and GPB_ALERT_FORMAT."
    return _called("POST", settings.webhook, "alert webhook", remedy, _body(text, settings))


def call_good_night(settings: AlertSettings) -> bool:
    """Say that a night was good, if someone waits for that; tells whether somebody does."""
    return _called("GET", settings.good_night, "good night's address", "Check GPB_ALERT_GOOD_NIGHT.", None)


def _called(
    method: str, address: SecretStr | None, item: str, remedy: str, body: dict[str, Any] | None
) -> bool:
    if address is None:
        return False
    url = address.get_secret_value()
    try:
        with pooled_session(url, connections=1) as session:
            answer = session.request(method, url, json=body, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as fault:
        raise TransientError(
            f"it did not answer ({type(fault).__name__})", item=item, remedy=remedy
        ) from None
    if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        kind = TransientError if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else PermanentError
        raise kind(f"it answered {answer.status_code}", item=item, remedy=remedy)
    return True


def _body(text: str, settings: AlertSettings) -> dict[str, Any]:
    """Write it so that a course's name is text: no mention of everybody, and no link that says another."""
    if settings.format == "slack":
        return {"text": escape(text, quote=False)}
    plain = text.replace("](", "] (")  # else it is a link of Markdown's
    blocks = [{"type": "TextBlock", "text": line or " ", "wrap": True} for line in plain.splitlines()]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}

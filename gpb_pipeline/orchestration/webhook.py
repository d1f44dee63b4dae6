"""Posts a digest to a chat's incoming webhook, in the format that it takes. What it says is in alerts.py."""

from http import HTTPStatus
from typing import Any

import requests

from gpb_pipeline.errors import PermanentError, TransientError
from gpb_pipeline.settings import AlertSettings

TIMEOUT = 10.0  # seconds
REMEDY = "Check GPB_ALERT_WEBHOOK and GPB_ALERT_FORMAT."


def post(text: str, settings: AlertSettings) -> bool:
    """Send it, if there is a webhook; tells whether there is. Its address is a secret and in no error."""
    if settings.webhook is None:
        return False
    try:
        answer = requests.post(
            settings.webhook.get_secret_value(), json=_body(text, settings), timeout=TIMEOUT
        )
    except requests.RequestException as fault:
        raise TransientError(
            f"it did not answer ({type(fault).__name__})", item="alert webhook", remedy=REMEDY
        ) from None
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        kind = TransientError if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else PermanentError
        raise kind(f"it answered {answer.status_code}", item="alert webhook", remedy=REMEDY)
    return True


def _body(text: str, settings: AlertSettings) -> dict[str, Any]:
    if settings.format == "slack":
        return {"text": text}
    blocks = [{"type": "TextBlock", "text": line or " ", "wrap": True} for line in text.splitlines()]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}

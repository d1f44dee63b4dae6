"""Whether the tool in Canvas is registered, and has its keys."""

from time import monotonic

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.lti import keys
from gpb_pipeline.lti.canvas_keys import CanvasKeys
from gpb_pipeline.lti.registration import registered
from gpb_pipeline.settings import (
    CanvasSettings,
    LtiSettings,
    WebSettings,
)


def tool() -> str:
    """Hold the tool's registration and keys against what it needs, and ask for Canvas's keys."""
    settings = LtiSettings.load()
    if not settings.is_set:
        return "not registered (GPB_LTI_ISSUER)"
    url, canvas_url = WebSettings.load().url, CanvasSettings.load().base_url
    registration = registered(settings, url=url, canvas_url=canvas_url)
    pairs = len(keys.load(settings.keys).pairs)
    if not CanvasKeys(registration.jwks_url, monotonic).fetched():
        raise SettingsError(
            "no keys of Canvas can be read there",
            item="GPB_LTI_JWKS_URL",
            remedy="Set it to Canvas's address that ends in /api/lti/security/jwks.",
        )
    held = f"{pairs} pair{'' if pairs == 1 else 's'} of keys"
    return f"registered as {registration.client_id}, at {url}; {held}"

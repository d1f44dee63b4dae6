"""How Canvas and the tool know each other: the registration by the settings, and what an admin pastes.

Everything is keyed by (issuer, client id), and keys come from the setting: an issuer is no identity, for all
hosted Canvases share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import LtiSettings
from gpb_pipeline.text import listed

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PLACEMENTS = {
    "course_navigation": ("Grade Sync", "view_all_grades"),
    "post_grades": ("Sync to SIS", "manage_grades"),
    "assignment_index_menu": ("Sync SIS Categories", "manage_grades"),
    "assignment_group_menu": ("Sync SIS Categories", "manage_grades"),
}
"""The name of each place in Canvas, and the permission that Canvas asks for before it launches.

Categories have two: the menu above all assignments, as the manual has it, and that of each group.
"""

CUSTOM_FIELDS = {
    "canvas_course_id": "$Canvas.course.id",
    "canvas_user_id": "$Canvas.user.id",
    "user_name": "$Person.name.full",
    "permissions": "$Canvas.membership.permissions<view_all_grades,manage_grades>",
    "section_ids": "$Canvas.course.sectionIds",
    "section_restricted": "$Canvas.course.sectionRestricted",
    "masquerader": "$Canvas.masqueradingUser.id",
}
"""What is asked about whoever launches: named fields, so that the privacy level can be anonymous."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A complete registration; `url` is the tool's own address."""

    issuer: str
    client_id: str
    deployments: frozenset[str]
    authorize_url: str
    jwks_url: str
    frame_origins: tuple[str, ...]
    url: str

    @property
    def launch_url(self) -> str:
        return f"{self.url}/lti/launch"


def registered(settings: LtiSettings, *, url: str, canvas_url: str) -> Registration:
    """Read the registration; raises SettingsError where it is half of one."""
    needed = {
        "ISSUER": settings.issuer,
        "CLIENT_ID": settings.client_id,
        "DEPLOYMENTS": settings.deployments,
        "AUTHORIZE_URL": settings.authorize_url,
        "JWKS_URL": settings.jwks_url,
    }
    for name, value in needed.items():
        if not value:
            raise SettingsError(
                "is not set, and other settings of the tool are",
                item=f"GPB_LTI_{name}",
                remedy="Set it, or none of them (docs/pages.md).",
            )
    own = urlsplit(url)
    if own.scheme != "https" and own.hostname not in LOOPBACK:
        raise SettingsError(
            "is not https, and browsers send no cookie into a frame over http",
            item="GPB_WEB_URL",
            remedy="Put TLS in front of the pages, and name their https address.",
        )
    return Registration(
        issuer=settings.issuer or "",
        client_id=settings.client_id or "",
        deployments=frozenset(listed(settings.deployments)),
        authorize_url=settings.authorize_url or "",
        jwks_url=settings.jwks_url or "",
        frame_origins=tuple(listed(settings.frame_origins or "") or [_origin(canvas_url)]),
        url=url,
    )


def configuration(url: str, *, new_tab: bool) -> dict[str, object]:
    """Make the JSON that a Canvas admin pastes for a new LTI developer key."""
    placements = [
        {
            "placement": placement,
            "text": text,
            "message_type": "LtiResourceLinkRequest",
            "visibility": "admins",
            "required_permissions": permission,
        }
        for placement, (text, permission) in PLACEMENTS.items()
    ]
    placements[0] |= {"default": "enabled"} | ({"windowTarget": "_blank"} if new_tab else {})
    return {
        "title": "Grade Sync",
        "description": "Grade passback to SchoolTool: history, details, sync.",
        "oidc_initiation_url": f"{url}/lti/login",
        "target_link_uri": f"{url}/lti/launch",
        "public_jwk_url": f"{url}/lti/jwks",
        "scopes": [],
        "custom_fields": CUSTOM_FIELDS,
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(url).netloc,
                "tool_id": "gpb-grade-sync",
                "privacy_level": "anonymous",
                "settings": {
                    "text": "Grade Sync",
                    "required_permissions": "view_all_grades",
                    "placements": placements,
                },
            }
        ],
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

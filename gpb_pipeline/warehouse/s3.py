"""Data on S3: how an instance of DuckDB is let in there, and what each refusal means. No table here.

A key and its secret are the settings', or the host's own by AWS's credential chain. The secret that DuckDB
holds is in memory alone.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import duckdb

from gpb_pipeline.errors import PipelineError, SettingsError
from gpb_pipeline.settings import S3, WarehouseSettings

BUCKET = re.compile(r"s3://[^/?#*\[\]]+(/[^?#*\[\]]*)?")
EXTENSIONS = ("httpfs", "aws")
"""The second finds the host's own keys."""


def secret(settings: WarehouseSettings) -> str:
    """Make the statement that lets an instance in; raises SettingsError for settings that cannot be."""
    given: dict[str, str] = {"SCOPE": bucket(settings)} | _keys(settings)
    if settings.s3_endpoint is not None:
        address = urlsplit(settings.s3_endpoint)
        given |= {"ENDPOINT": address.netloc, "URL_STYLE": "path", "USE_SSL": str(address.scheme == "https")}
    if region := _region(settings):
        given["REGION"] = region
    options = ", ".join(f"{name} {quoted(value)}" for name, value in given.items())
    return f"CREATE OR REPLACE SECRET warehouse_data (TYPE s3, {options})"


def let_in(connection: duckdb.DuckDBPyConnection, secret: str) -> None:
    """Have the connection's instance reach the bucket; SettingsError where the host has no key of its own."""
    try:
        connection.execute(secret)
    except duckdb.Error:
        raise SettingsError(
            "is not set, and the host has no key of its own for S3",
            item="GPB_S3_KEY_ID",
            remedy="Set GPB_S3_KEY_ID and GPB_S3_SECRET, or give the host a profile or a role.",
        ) from None


def bucket(settings: WarehouseSettings) -> str:
    """Give the bucket's own address."""
    if not BUCKET.fullmatch(settings.data_path):
        raise SettingsError(
            "names no bucket, or has one of ? # * [ ] in it",
            item="GPB_DATA_PATH",
            remedy="Set it to s3://BUCKET/PATH.",
        )
    return S3 + settings.data_path.removeprefix(S3).partition("/")[0]


def _keys(settings: WarehouseSettings) -> dict[str, str]:
    key_id, its = settings.s3_key_id, settings.s3_secret
    if key_id is None and its is None:
        return {"PROVIDER": "credential_chain", "REFRESH": "auto"}
    if key_id is None or its is None:
        there, missing = ("GPB_S3_SECRET", "GPB_S3_KEY_ID") if its else ("GPB_S3_KEY_ID", "GPB_S3_SECRET")
        raise SettingsError(
            f"is not set, and {there} is", item=missing, remedy="Set both, or neither for the host's own."
        )
    return {"PROVIDER": "config", "KEY_ID": key_id, "SECRET": its.get_secret_value()}


def _region(settings: WarehouseSettings) -> str | None:
    named = settings.s3_region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return named or ("us-east-1" if settings.s3_endpoint else None)


def refusal(failure: duckdb.Error) -> PipelineError | None:
    """Say which setting S3 refuses; None where another try may be answered otherwise."""
    told, status = f"{getattr(failure, 'body', '')} {failure}", str(getattr(failure, "status_code", ""))
    for sign, item, what, remedy in _REFUSALS:
        if sign == status or (not sign.isdecimal() and sign in told):
            return SettingsError(what, item=item, remedy=remedy)
    return None


_ACCESS = "Let it list, read, write and delete below GPB_DATA_PATH."
_REFUSALS = (
    (
        "NoSuchBucket",
        "GPB_DATA_PATH",
        "names a bucket that S3 does not have",
        "Make it, or correct its name.",
    ),
    (
        "InvalidAccessKeyId",
        "GPB_S3_KEY_ID",
        "is a key that S3 does not know",
        "Check it, and GPB_S3_ENDPOINT.",
    ),
    ("SignatureDoesNotMatch", "GPB_S3_SECRET", "is not the secret of GPB_S3_KEY_ID", "Set the key's own."),
    ("AuthorizationHeaderMalformed", "GPB_S3_REGION", "is not the bucket's region", "Set the bucket's own."),
    ("301", "GPB_S3_REGION", "is not the bucket's region", "Set the bucket's own."),
    ("AccessDenied", "GPB_S3_KEY_ID", "is a key that may not do this in the bucket", _ACCESS),
    ("403", "GPB_S3_KEY_ID", "is a key, or of a host, that may not do this in the bucket", _ACCESS),
)
"""What S3 calls it, or its status, and the setting that it is about."""


def quoted(text: str) -> str:
    """Quote a text for a statement that takes no parameter."""
    return "'" + text.replace("'", "''") + "'"

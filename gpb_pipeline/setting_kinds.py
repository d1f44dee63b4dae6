"""What the text of a setting may be, by kind: an address, a header, a count. Which there are, settings.py.

What cannot work is refused where it is read, by its name, and not where it would first be used.
"""

from __future__ import annotations

import json
import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from gpb_pipeline.text import fault_in, listed

LONGEST = 4_000
"""Characters of any setting."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


def legible(value: object) -> object:
    """Take a setting's text without space around it; raises ValueError where it cannot be meant."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if value and not text:
        raise ValueError("is nothing but space")
    if wrong := fault_in(text, LONGEST):
        raise ValueError(wrong)
    return text


def _http_url(value: str) -> str:
    try:
        url = urlsplit(value)
        _, host = url.port, (url.hostname or "").encode("idna")
        is_one = url.scheme in ("http", "https") and bool(host)
    except ValueError:  # of a host in brackets, of a port, or of a part of a name that is none or too long
        is_one = False
    if not is_one:
        raise ValueError("not an http:// or https:// URL")
    if " " in value or url.fragment:
        raise ValueError("has a space or a # in it, which no such address has")
    return value.rstrip("/")


def _secret_http_url(value: SecretStr) -> SecretStr:
    _http_url(value.get_secret_value())
    return value


def _base_url(value: str) -> str:
    if urlsplit(value).query:
        raise ValueError("has a query (?…), and paths are added to it: leave that out")
    return value


def _bare(value: str) -> str:
    if urlsplit(value).path:
        raise ValueError("has a path, and host and port are all that is asked: leave that out")
    return value


def _header_name(value: str) -> str:
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError("not the name of a header")
    return value


def _ascii(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().isascii():
        raise ValueError("holds characters that no such token has")
    return value


def _texts(value: object) -> object:
    """Read a JSON object of texts."""
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value)
    except ValueError:
        read = None
    if not isinstance(read, dict) or not all(isinstance(each, str) for each in read.values()):
        raise ValueError('not a JSON object of texts, such as {"name": "value"}')
    if any(legible(text) != text for text in (*read, *read.values())):
        raise ValueError("has a text with space around it")
    return read


def _headers(value: dict[str, str]) -> dict[str, str]:
    if not all(_HEADER_NAME.fullmatch(name) and text.isascii() for name, text in value.items()):
        raise ValueError("has what is no header: a name of letters, a text of ASCII")
    return value


def _addresses(value: str) -> str:
    if not all(_is_address(each.strip()) for each in value.split(",")):
        raise ValueError("not IP addresses, comma-separated")
    return value


def _origins(value: str) -> str:
    for each in value.split(","):
        if urlsplit(_base_url(_http_url(each.strip()))).path or ";" in each:
            raise ValueError("not origins such as https://canvas.example.edu, comma-separated")
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z._:%-]{1,255}", value):
        raise ValueError("not the name or address of a host")
    return value


def _hosts(value: str) -> str:
    names = listed(value)
    if not names:
        raise ValueError("names no host: leave it out where any may be written to")
    for each in names:
        if not (re.fullmatch(r"[0-9A-Za-z._-]{1,253}", each) or _is_address(each)):
            raise ValueError("not hosts such as sis.example.org, comma-separated, without https:// and port")
    return value


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _account(value: str) -> str:
    if not re.fullmatch(r"\w+(:\S+)?", value, flags=re.ASCII):
        raise ValueError("not an account's number, self, or sis_account_id:…")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_http_url)]
BaseUrl = Annotated[HttpUrl, AfterValidator(_base_url)]
ServerUrl = Annotated[BaseUrl, AfterValidator(_bare)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
BearerToken = Annotated[SecretStr, AfterValidator(_ascii)]
Texts = Annotated[dict[str, str], NoDecode, BeforeValidator(_texts)]
HeaderTexts = Annotated[Texts, AfterValidator(_headers)]
Addresses = Annotated[str, AfterValidator(_addresses)]
Origins = Annotated[str, AfterValidator(_origins)]
Host = Annotated[str, AfterValidator(_host)]
Hosts = Annotated[str, AfterValidator(_hosts)]
Account = Annotated[str, AfterValidator(_account)]
Seconds = Annotated[float, Field(gt=0, le=3_600)]
Days = Annotated[int, Field(ge=0, le=36_500)]

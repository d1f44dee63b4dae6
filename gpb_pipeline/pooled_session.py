"""A session of `requests` for the hosts of one side: pooled, with the environment's proxies and certificates.

What is asked, and how often again, is each client's.
"""

import os
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import LocationValueError

IDLE_MOST = 1.5  # seconds: less than a server waits before it ends an idle connection (gunicorn: 2)


def pooled_session(*addresses: str, connections: int) -> requests.Session:
    """Make a session for the hosts of these addresses, of so many connections to each.

    HTTPS_PROXY, NO_PROXY and REQUESTS_CA_BUNDLE are read once: by itself `requests` reads the whole
    environment for each request, a third of what a small one costs. A .netrc is not read at all.
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    for address in addresses:
        if proxy := select_proxy(address, get_environ_proxies(address)):
            session.proxies[f"{urlsplit(address).scheme}://{urlsplit(address).hostname}"] = proxy
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=len(addresses), pool_maxsize=connections))
    return session


class _NotLeftIdle(HTTPConnectionPool):
    """Asks on no connection that was idle for long: a server that ends it just then leaves no answer.

    A write that was cut so has an unknown outcome, and what hangs on it waits for another sync.
    """

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        if monotonic() - getattr(connection, "idle_since", monotonic()) > IDLE_MOST:
            connection.close()  # it connects anew by itself
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = monotonic()
        super()._put_conn(conn)


class _NotLeftIdleOverTls(_NotLeftIdle, HTTPSConnectionPool):
    pass


class _Adapter(HTTPAdapter):
    """The adapter of `requests` with pools of this kind, proxied or not; it raises RequestException alone."""

    def send(self, *given: Any, **named: Any) -> requests.Response:
        try:
            return super().send(*given, **named)
        except requests.RequestException:
            raise
        except LocationValueError as fault:  # a host that no name can be, met as it is looked up
            raise requests.exceptions.InvalidURL(fault) from None
        except OSError as fault:  # no certificates where REQUESTS_CA_BUNDLE says
            raise requests.exceptions.SSLError(fault) from None

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *given: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(*given, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS = {"http": _NotLeftIdle, "https": _NotLeftIdleOverTls}

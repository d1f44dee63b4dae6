"""A session of `requests` for the hosts of one side: pooled, with the environment's proxies and certificates.

What is asked, and how often again, is each client's.
"""

import os
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy


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
        session.mount(scheme, HTTPAdapter(pool_connections=len(addresses), pool_maxsize=connections))
    return session

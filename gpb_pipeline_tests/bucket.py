"""A real S3 API on a port of its own, with a bucket in it and keys that it checks: moto's server."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import requests
import stamina

NAME = "district"
REGION = "us-east-2"
MAY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
MAY_LOOK = MAY.replace("s3:*", "s3:ListBucket")


@dataclass(frozen=True)
class Key:
    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Bucket:
    """A running S3 with the bucket NAME; `key` may do all there, `looking` may only list."""

    endpoint: str
    key: Key
    looking: Key

    @property
    def environment(self) -> dict[str, str]:
        """What the pipeline needs to keep its data there."""
        return {
            "GPB_S3_ENDPOINT": self.endpoint,
            "GPB_S3_REGION": REGION,
            "GPB_S3_KEY_ID": self.key.key_id,
            "GPB_S3_SECRET": self.key.secret,
        }

    def objects(self, below: str) -> dict[str, int]:
        """The size of each object whose name begins so."""
        pages = self._client("s3").get_paginator("list_objects_v2").paginate(Bucket=NAME, Prefix=below)
        return {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", ())}

    def _client(self, service: str) -> Any:
        return client(service, self.endpoint, self.key)


def client(service: str, endpoint: str, key: Key) -> Any:
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  half a second, which few tests need

    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=key.key_id,
        aws_secret_access_key=key.secret,
    )


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    """Run one until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for attempt in stamina.retry_context(on=requests.RequestException, attempts=None, timeout=60.0):
            with attempt:
                requests.get(f"{endpoint}/moto-api/", timeout=60)
        anyone = Key("anyone", "anyone")  # until keys are checked
        client("s3", endpoint, anyone).create_bucket(
            Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        keys = (_key(endpoint, anyone, *each) for each in (("gpb", MAY), ("eye", MAY_LOOK)))
        bucket = Bucket(endpoint, *keys)
        requests.post(f"{endpoint}/moto-api/reset-auth", data=b"0", timeout=60).raise_for_status()
        yield bucket
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()


def _key(endpoint: str, anyone: Key, who: str, policy: str) -> Key:
    iam = client("iam", endpoint, anyone)
    iam.create_user(UserName=who)
    iam.put_user_policy(UserName=who, PolicyName="s3", PolicyDocument=policy)
    made = iam.create_access_key(UserName=who)["AccessKey"]
    return Key(made["AccessKeyId"], made["SecretAccessKey"])

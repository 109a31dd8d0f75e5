"""Multipart writes that were begun and never ended: parts that nobody can read, but that take room.

obstore knows no way to ask for them, so these requests are signed here (AWS Signature Version 4,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

import httpx

from vtonlab.errors import StorageUnavailable

ASK_SECONDS = 30.0
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
NOTHING = hashlib.sha256(b"").hexdigest()

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Keys:
    """What requests are signed with."""

    access: str
    secret: str
    token: str
    region: str


async def abort_unfinished(bucket: str, prefix: str, endpoint: str, older_than: datetime) -> int:
    """Abort multipart writes of keys that begin with ``prefix``, begun before ``older_than``; how many.

    Where the keys do not stand in the environment (a machine's role), nothing is done and the log says what to set up
    instead. Raises ``StorageUnavailable``.
    """
    keys = _read_keys()
    if keys is None:
        log.info("no AWS_ACCESS_KEY_ID: set up a lifecycle rule of the bucket that aborts incomplete multipart uploads")
        return 0
    base = (endpoint or f"https://s3.{keys.region}.amazonaws.com").rstrip("/") + f"/{bucket}"
    count = 0
    try:
        async with httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False) as client:
            found = [upload async for upload in _list(client, base, prefix, keys)]
            for key, upload, begun in found:
                if begun < older_than:
                    address = f"{base}/{quote(key)}"
                    await _ask(client, "DELETE", address, {"uploadId": upload}, keys)
                    count += 1
    except httpx.HTTPError as error:
        log.warning("the picture storage failed: %s", error)
        raise StorageUnavailable from error
    return count


async def _list(
    client: httpx.AsyncClient, base: str, prefix: str, keys: Keys
) -> AsyncIterator[tuple[str, str, datetime]]:
    """Key, id and beginning of every write that has not ended."""
    query = {"uploads": "", "prefix": prefix}
    while True:
        answer = await _ask(client, "GET", base, query, keys)
        page = ET.fromstring(answer.content)  # noqa: S314 - of the store that also holds our pictures
        for upload in page.iter(NAMESPACE + "Upload"):
            key, number, begun = (upload.findtext(NAMESPACE + name, "") for name in ("Key", "UploadId", "Initiated"))
            yield key, number, datetime.fromisoformat(begun)
        if page.findtext(NAMESPACE + "IsTruncated") != "true":
            return
        query["key-marker"] = page.findtext(NAMESPACE + "NextKeyMarker", "")
        query["upload-id-marker"] = page.findtext(NAMESPACE + "NextUploadIdMarker", "")


async def _ask(
    client: httpx.AsyncClient, method: str, address: str, query: Mapping[str, str], keys: Keys
) -> httpx.Response:
    words = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
    headers = _sign(method, address, words, keys)
    answer = await client.request(method, f"{address}?{words}", headers=headers)
    if answer.status_code != httpx.codes.NOT_FOUND:  # ended or aborted by somebody else meanwhile
        answer.raise_for_status()
    return answer


def _sign(method: str, address: str, query: str, keys: Keys) -> dict[str, str]:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(address)
    headers = {"host": parts.netloc, "x-amz-content-sha256": NOTHING, "x-amz-date": moment}
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{method}\n{parts.path}\n{query}\n{lines}\n{names}\n{NOTHING}"
    scope = f"{moment[:8]}/{keys.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{keys.secret}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _read_keys() -> Keys | None:
    access, secret = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not access or not secret:
        return None
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Keys(access, secret, os.environ.get("AWS_SESSION_TOKEN", ""), region)

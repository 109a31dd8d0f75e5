"""From the settings to the place where bytes live."""

from __future__ import annotations

from urllib.parse import urlsplit

from vtonlab.errors import BadSetting, Text
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.storage.keys import check_prefix
from vtonlab.storage.local import LocalStorage


def open_storage(settings: Settings) -> Storage:
    """The storage of ``settings``: the data folder, or ``s3://bucket/prefix``. Keys begin with ``images/``.

    Nothing is asked of the place yet (:meth:`Storage.ping` does). Raises ``BadSetting``.
    """
    if not settings.storage_url:
        return LocalStorage(settings.data_folder)
    address = urlsplit(settings.storage_url)
    prefix = address.path.strip("/")
    if address.scheme != "s3" or not address.netloc or address.query or address.fragment:
        raise _wrong(Text("it is not of the form s3://bucket/prefix", "格式应为 s3://bucket/prefix"))
    try:
        check_prefix(prefix)
    except ValueError as error:
        raise _wrong(
            Text("the prefix has characters other than A–Z a–z 0–9 . _ - /", "前缀只能包含 A–Z a–z 0–9 . _ - /")
        ) from error
    try:
        from vtonlab.storage.s3 import S3Storage
    except ImportError as error:
        raise _wrong(
            Text(
                "S3 needs the extra “cluster”: pip install 'vtonlab[cluster]'",
                "使用 S3 需要安装附加组件 cluster：pip install 'vtonlab[cluster]'",
            )
        ) from error
    return S3Storage(address.netloc, prefix, endpoint=settings.storage_endpoint)


def _wrong(reason: Text) -> BadSetting:
    return BadSetting(setting="VTONLAB_STORAGE_URL", reason=reason)

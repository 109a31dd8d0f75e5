"""Parts of the server that do not work now."""

from __future__ import annotations

from vtonlab.errors.base import Text, VtonError


class ServiceError(VtonError):
    """A part of the server does not work now."""

    code = "service_error"
    status = 503
    retryable = True


class StorageUnavailable(ServiceError):
    """The place where pictures live does not answer."""

    code = "storage_unavailable"
    sentence = Text("The picture storage does not answer.", "图片存储没有响应。")
    hint = Text(
        "Try again in a moment; the administrator finds the reason in the log.",
        "请稍后重试；管理员可在日志中查看原因。",
    )


class StorageFull(ServiceError):
    """No room left where pictures live."""

    code = "storage_full"
    status = 507
    sentence = Text("The server has no room left for pictures.", "服务器存储空间不足。")
    hint = Text("Make room on the disk; nothing was lost.", "请清理磁盘空间；未丢失任何内容。")


class DatabaseUnavailable(ServiceError):
    """The database does not answer."""

    code = "database_unavailable"
    sentence = Text("The database does not answer.", "数据库没有响应。")
    hint = Text(
        "Try again in a moment; the administrator finds the reason in the log.",
        "请稍后重试；管理员可在日志中查看原因。",
    )

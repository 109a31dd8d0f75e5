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


class ServerFault(ServiceError):
    """Something nobody expected. Values: ``request``, the id under which the log has the story."""

    code = "server_fault"
    status = 500
    retryable = False
    sentence = Text("Something went wrong on the server.", "服务器出了点问题。")
    hint = Text(
        "Try again; if it happens again, report it with this number: {request}",
        "请再试一次；如果仍然出错，请将此编号反馈给我们：{request}",
    )


class WorkerLost(ServiceError):
    """Whoever computed a task went silent: it crashed, was killed, or hung and was ended."""

    code = "worker_lost"
    sentence = Text("The work was interrupted too often.", "处理多次中断。")
    hint = Text(
        "Try again; if it happens with the same pictures again, use others.",
        "请重试；如果同样的图片再次出现此问题，请更换图片。",
    )


class TaskFault(VtonError):
    """A task failed in a way nobody expected; the log names the task and has the details."""

    code = "task_fault"
    status = 500
    sentence = Text("The task failed unexpectedly.", "任务意外失败。")
    hint = Text(
        "Try again; if it fails again, report it. The log has the details.",
        "请重试；如果仍然失败，请反馈给我们。日志中有详细信息。",
    )


class PartsFailed(VtonError):
    """Some of the tasks that a group stands for failed. Values: ``failed``, ``total``."""

    code = "parts_failed"
    status = 500
    sentence = Text("{failed} of {total} failed.", "{total} 个中有 {failed} 个失败。")
    hint = Text("Trying again repeats only those.", "重试时只会重新处理失败的部分。")

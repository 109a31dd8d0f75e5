"""The engine could not do its work."""

from __future__ import annotations

from vtonlab.errors.base import Text, VtonError


class EngineError(VtonError):
    """The engine could not do its work."""

    code = "engine_error"
    status = 502


class EngineUnavailable(EngineError):
    """Not running, not installed, or refusing connections. Values: ``engine``."""

    code = "engine_unavailable"
    status = 503
    retryable = True
    sentence = Text("The engine “{engine}” is not available.", "引擎“{engine}”不可用。")
    hint = Text("“vtonlab doctor” says what it needs.", "运行 “vtonlab doctor” 查看它需要什么。")


class ServiceNotRunning(EngineUnavailable):
    """Nothing answers at the address of a service that people run themselves. Values: ``engine``, ``how`` (Text: what
    starts it)."""

    code = "service_not_running"
    sentence = Text("The service of the engine “{engine}” is not running.", "引擎“{engine}”的服务没有运行。")
    hint = Text("Start it: {how}", "请启动它：{how}")


class ServiceTrouble(EngineUnavailable):
    """It answered that something went wrong on its side. Values: ``engine``."""

    code = "service_trouble"
    sentence = Text(
        "The service of the engine “{engine}” has trouble of its own.", "引擎“{engine}”的服务自身出了故障。"
    )
    hint = Text(
        "Nothing is wrong with what you asked for. Try again in a few minutes.", "请求本身没有问题，请过几分钟再试。"
    )


class EngineBusy(EngineError):
    """Its queue is full. Values: ``engine``."""

    code = "engine_busy"
    status = 503
    retryable = True
    sentence = Text("The engine “{engine}” is busy.", "引擎“{engine}”正忙。")
    hint = Text("Try again in a moment.", "请稍后再试。")


class EngineTimeout(EngineError):
    """No answer in time. Values: ``engine``, ``seconds``."""

    code = "engine_timeout"
    status = 504
    retryable = True
    sentence = Text(
        "The engine “{engine}” did not answer within {seconds} s.", "引擎“{engine}”在 {seconds} 秒内没有响应。"
    )
    hint = Text("Try again, or use smaller pictures.", "请重试，或使用较小的图片。")


class ContentRefused(EngineError):
    """A provider's safety filter said no. Values: ``engine``."""

    code = "content_refused"
    status = 422
    sentence = Text("The engine “{engine}” refused these pictures.", "引擎“{engine}”拒绝处理这些图片。")
    hint = Text(
        "Use other pictures, or the engine “instant”, which runs on this machine.",
        "请更换图片，或使用在本机运行的“instant”引擎。",
    )


class PromptRefused(ContentRefused):
    """A provider's safety filter said no to a prompt, or to the picture it drew. Values: ``engine``, ``rule`` (Text:
    which, as far as it was told)."""

    code = "prompt_refused"
    sentence = Text("The engine “{engine}” refused this prompt: {rule}.", "引擎“{engine}”拒绝了这条提示词：{rule}。")
    hint = Text(
        "Change the prompt or the reference pictures; trying the same again will most likely be refused again.",
        "请修改提示词或参考图；原样重试很可能再次被拒绝。",
    )


class QuotaExceeded(EngineError):
    """The provider's or our own budget is used up. Values: ``engine``."""

    code = "quota_exceeded"
    status = 429
    retryable = True
    sentence = Text("The quota of the engine “{engine}” is used up.", "引擎“{engine}”的额度已用完。")
    hint = Text("Wait until it is renewed, or raise the limit.", "请等待额度恢复，或提高上限。")


class BudgetSpent(QuotaExceeded):
    """Our own cap on what paid engines may cost a day (``VTONLAB_REMOTE_BUDGET``). Values: ``engine``, ``limit``."""

    code = "budget_spent"
    retryable = False
    sentence = Text(
        "Today's budget for paid engines ({limit} $) does not allow another picture by “{engine}”.",
        "今日付费引擎的预算（{limit} 美元）已不足以再用“{engine}”生成一张图片。",
    )
    hint = Text(
        "Wait until tomorrow (UTC), or raise VTONLAB_REMOTE_BUDGET. Fittings by the engine “instant” are free.",
        "请等到明天（UTC），或调高 VTONLAB_REMOTE_BUDGET；试衣可使用免费的“instant”引擎。",
    )


class EngineNotSetUp(EngineUnavailable):
    """It needs an address or a key that the settings do not have. Values: ``engine``, ``setting``."""

    code = "engine_not_set_up"
    retryable = False
    sentence = Text("The engine “{engine}” is not set up.", "引擎“{engine}”尚未配置。")
    hint = Text(
        "Set {setting} (docs/guides/engines.md), or use the engine “instant”.",
        "请设置 {setting}（见 docs/guides/engines.md），或使用“instant”引擎。",
    )


class KeyRefused(EngineUnavailable):
    """The service does not accept our key, or asks for one. Values: ``engine``, ``setting``."""

    code = "key_refused"
    retryable = False
    sentence = Text(
        "The service of the engine “{engine}” does not accept the key.", "引擎“{engine}”的服务不接受该密钥。"
    )
    hint = Text("Check {setting}.", "请检查 {setting}。")


class NotThatService(EngineUnavailable):
    """Something answers at the address, but not with the interface we know. Values: ``engine``."""

    code = "not_that_service"
    retryable = False
    sentence = Text(
        "What answers at the address of the engine “{engine}” has no try-on interface that we know.",
        "引擎“{engine}”的地址上运行的服务没有我们认识的试衣接口。",
    )
    hint = Text("Check its address in the settings, and its version.", "请检查设置中的地址以及服务的版本。")


class BatchFailed(EngineError):
    """A service gave a batch up. Values: ``engine``."""

    code = "batch_failed"
    sentence = Text("The service of the engine “{engine}” gave the batch up.", "引擎“{engine}”的服务放弃了这个批次。")
    hint = Text(
        "Hand it in again, in smaller parts if it fails again; the service does not charge for what it did not draw.",
        "请重新提交；如果再次失败，请分成较小的批次。未生成的图片不收费。",
    )


class BatchExpired(BatchFailed):
    """A service did not do a batch in the time it gives itself (two days). Values: ``engine``."""

    code = "batch_expired"
    sentence = Text(
        "The service of the engine “{engine}” did not finish the batch in time.",
        "引擎“{engine}”的服务没有在期限内完成这个批次。",
    )
    hint = Text(
        "What it had drawn was kept. Hand the rest in again, in smaller batches, or draw it one by one.",
        "已生成的图片已保存。请将其余部分分成较小的批次重新提交，或逐张生成。",
    )


class BatchGone(BatchFailed):
    """A service knows nothing of a batch that was handed in. Values: ``engine``."""

    code = "batch_gone"
    sentence = Text(
        "The service of the engine “{engine}” no longer knows this batch.", "引擎“{engine}”的服务已没有这个批次的记录。"
    )
    hint = Text(
        "Services forget batches after some weeks, and with another key. What was fetched before is kept.",
        "服务会在几周后或更换密钥后清除批次记录。此前已取回的图片仍然保留。",
    )


class ProviderCannot(EngineError):
    """What was asked for is nothing that the engine or its model does; refused before it costs anything. Values:
    ``engine``, ``what`` (Text), ``others`` (Text: who can)."""

    code = "provider_cannot"
    status = 422
    sentence = Text("“{engine}” cannot do this: {what}.", "“{engine}”不支持：{what}。")
    hint = Text("{others}", "{others}")


class NotForCommerce(EngineError):
    """Its licence forbids the commercial use that ``VTONLAB_COMMERCIAL`` tells of. Values: ``engine``, ``licence``."""

    code = "not_for_commerce"
    status = 403
    sentence = Text(
        "The engine “{engine}” may not be used commercially ({licence}).",
        "引擎“{engine}”的许可不允许商业使用（{licence}）。",
    )
    hint = Text(
        "Use another engine; VTONLAB_COMMERCIAL=1 says that this installation is used commercially.",
        "请使用其他引擎；VTONLAB_COMMERCIAL=1 表示此安装用于商业用途。",
    )


class PoseNotRecognised(EngineError):
    """A service's own pose detection found nobody. Values: ``engine``."""

    code = "pose_not_recognised"
    status = 422
    sentence = Text("The engine “{engine}” could not make out the person's pose.", "引擎“{engine}”无法识别人物的姿势。")
    hint = Text(
        "Switch the automatic mask off and draw one, or use a clearer photo of one person from the front.",
        "请关闭自动遮罩并手动绘制，或使用更清晰的单人正面照片。",
    )


class OutOfGpuMemory(EngineError):
    """The service's graphics card has too little memory for this. Values: ``engine``."""

    code = "out_of_gpu_memory"
    status = 503
    sentence = Text("The graphics card of the engine “{engine}” ran out of memory.", "引擎“{engine}”的显存不足。")
    hint = Text(
        "Use fewer steps, or close what else uses the graphics card; then try again.",
        "请减少步数，或关闭占用显卡的其他程序后重试。",
    )


class AnswerLost(EngineError):
    """We were cut off while a paid service made the picture, and it cannot be asked for it again. Values:
    ``engine``."""

    code = "answer_lost"
    sentence = Text(
        "The connection to the engine “{engine}” was cut off while it made the picture.",
        "引擎“{engine}”生成图片时连接中断。",
    )
    hint = Text(
        "The picture may have been paid for; trying again may cost a second time.",
        "该图片可能已经计费；重试可能会再次计费。",
    )


class EngineFailed(EngineError):
    """The service said that it failed, or answered without a picture. Values: ``engine``."""

    code = "engine_failed"
    retryable = True
    sentence = Text("The service of the engine “{engine}” failed.", "引擎“{engine}”的服务运行出错。")
    hint = Text("Try again, or use other pictures or another engine.", "请重试，或更换图片或引擎。")


class NoPicture(EngineFailed):
    """The service answered, but not with a picture, or with one that cannot be read. It may have been paid for, so it
    is not asked again by itself. Values: ``engine``."""

    code = "no_picture"
    retryable = False
    sentence = Text(
        "The service of the engine “{engine}” answered without a usable picture.",
        "引擎“{engine}”的服务没有返回可用的图片。",
    )
    hint = Text(
        "Try again (it may cost again), or use other pictures, another description or another engine.",
        "请重试（可能会再次计费），或更换图片、描述或引擎。",
    )


class PromptFailed(EngineFailed):
    """The service could not draw one prompt of a batch, for a reason that we have no words of our own for. Values:
    ``engine``, ``reason`` (of the service, a code)."""

    code = "prompt_failed"
    retryable = False
    sentence = Text(
        "The service of the engine “{engine}” could not draw this prompt ({reason}).",
        "引擎“{engine}”的服务未能生成这条提示词（{reason}）。",
    )


class EngineFailedSilently(EngineFailed):
    """The service said that it failed, but not why. Values: ``engine``."""

    code = "engine_failed_silently"
    sentence = Text(
        "The service of the engine “{engine}” failed without saying why.", "引擎“{engine}”的服务出错，但没有说明原因。"
    )
    hint = Text(
        "It may not have made out the person's pose (switch the automatic mask off and draw one, or use a clearer "
        "photo) or have run out of graphics memory (use fewer steps); its own log says which.",
        "可能是无法识别人物姿势（请关闭自动遮罩并手动绘制，或使用更清晰的照片），也可能是显存不足（请减少步数）；该服务自己的日志中有原因。",
    )


class EngineFault(EngineError):
    """The engine failed in a way it did not expect. Values: ``engine``."""

    code = "engine_fault"
    status = 500
    sentence = Text("The engine “{engine}” failed.", "引擎“{engine}”运行出错。")
    hint = Text("The log has the details; please report it.", "日志中有详细信息，请反馈给我们。")

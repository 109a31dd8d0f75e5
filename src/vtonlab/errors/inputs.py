"""What was given cannot be used: pictures, files, options, settings."""

from __future__ import annotations

from vtonlab.errors.base import Text, VtonError


class BadInput(VtonError):
    """What was given cannot be used as it is; giving something else will help."""

    code = "bad_input"
    status = 422
    sentence = Text("This input cannot be used.", "无法使用这个输入。")
    hint = Text("Check what you passed and try again.", "请检查输入内容后重试。")


class ImageUnreadable(BadInput):
    """Not a picture, truncated, or of a kind we do not read. Values: ``reason`` (Text-free short English word)."""

    code = "image_unreadable"
    status = 415
    sentence = Text("{name} is not a picture we can read.", "无法读取图片 {name}。")
    hint = Text(
        "Use a complete JPEG, PNG, WebP, AVIF, GIF or HEIC photo; drawings such as SVG must be exported first.",
        "请使用完整的 JPEG、PNG、WebP、AVIF、GIF 或 HEIC 照片；SVG 之类的矢量图请先导出为图片。",
    )


class ImageTooLarge(BadInput):
    """More bytes or pixels than the limits allow. Values: ``name``, ``found``, ``limit``."""

    code = "image_too_large"
    status = 413
    sentence = Text("{name} is too large: {found}; the limit is {limit}.", "{name} 太大：{found}，上限为 {limit}。")
    hint = Text("Save a smaller version of the picture and use that.", "请先把图片缩小再使用。")


class ImageTooSmall(BadInput):
    """Too few pixels to work with. Values: ``name``, ``found``, ``limit``."""

    code = "image_too_small"
    sentence = Text(
        "{name} is too small: {found}; at least {limit} is needed.", "{name} 太小：{found}，至少需要 {limit}。"
    )
    hint = Text("Use the original photo instead of a thumbnail.", "请使用原图，而不是缩略图。")


class NoPersonFound(BadInput):
    """No person in the photo of the person."""

    code = "no_person_found"
    sentence = Text("No person was found in the photo.", "照片中没有找到人物。")
    hint = Text(
        "Use a photo of one person facing the camera, from head to hips at least, in good light.",
        "请使用一张正面、光线良好、至少从头到胯部的单人照片。",
    )


class PoseNotSupported(BadInput):
    """A person, but turned so far away that nothing can be measured."""

    code = "pose_not_supported"
    sentence = Text("The person is seen from the side.", "照片中的人物是侧面的。")
    hint = Text(
        "Use a photo in which both shoulders face the camera; a generative engine can also dress a side view.",
        "请使用双肩正对镜头的照片；生成式引擎也可以处理侧面照片。",
    )


class MaskNeeded(BadInput):
    """The automatic mask is off, and no other was given; or the mask marks nothing."""

    code = "mask_needed"
    status = 400
    sentence = Text("The automatic mask is off, and no mask was given.", "已关闭自动遮罩，但没有提供遮罩。")
    hint = Text(
        "Switch the automatic mask on, or draw over what is to be changed.", "请打开自动遮罩，或涂抹要更换的区域。"
    )


class GarmentNotUnderstood(BadInput):
    """No garment found in the picture, or not one that can be measured."""

    code = "garment_not_understood"
    sentence = Text("No garment could be made out in the picture.", "无法从图片中识别出衣物。")
    hint = Text(
        "Use a photo of one garment laid flat or hanging, seen from the front, on a plain background.",
        "请使用一张平铺或悬挂的单件衣物正面照片，背景尽量简单。",
    )


class WrongKind(BadInput):
    """The garment is not of the kind that was asked for. Values: ``asked``, ``known``."""

    code = "wrong_kind"
    sentence = Text("A garment of the kind “{asked}” cannot be used here.", "此处不能使用“{asked}”类型的衣物。")
    hint = Text("Use one of: {known}.", "可以使用：{known}。")


class BadOption(BadInput):
    """An option the engine does not have, or a value out of its range. Values: ``option``, ``reason``."""

    code = "bad_option"
    sentence = Text("The option “{option}” is not right: {reason}.", "选项“{option}”不正确：{reason}。")
    hint = Text("“vtonlab engines” lists the options of every engine.", "运行 “vtonlab engines” 查看每个引擎的选项。")


class FileProblem(BadInput):
    """A file or folder that is missing or cannot be read or written. Values: ``name``, ``reason``."""

    code = "file_problem"
    status = 400
    sentence = Text("{name}: {reason}.", "{name}：{reason}。")
    hint = Text("Check the name and that you may read or write there.", "请检查名称是否正确，以及是否有读写权限。")


class UnknownEngine(BadInput):
    """No engine of that name is installed. Values: ``name``, ``known``."""

    code = "unknown_engine"
    status = 404
    sentence = Text("There is no engine “{name}”.", "没有名为“{name}”的引擎。")
    hint = Text("Installed engines: {known}.", "已安装的引擎：{known}。")


class BadSetting(BadInput):
    """A ``VTONLAB_*`` variable whose value cannot be used. Values: ``setting``, ``reason``."""

    code = "bad_setting"
    sentence = Text("The setting {setting} is not right: {reason}.", "设置 {setting} 不正确：{reason}。")
    hint = Text(
        "Correct or unset it; docs/reference/settings.md lists every setting.",
        "请更正或删除它；所有设置见 docs/reference/settings.md。",
    )


class AddressTaken(BadInput):
    """The server cannot listen where it was told to. Values: ``host``, ``port``, ``reason`` (Text)."""

    code = "address_taken"
    sentence = Text("Cannot listen on {host}:{port}: {reason}.", "无法监听 {host}:{port}：{reason}。")
    hint = Text(
        "Choose another port, such as --port 8090 (with make: make run ARGS='--port 8090').",
        "请换一个端口，例如 --port 8090（使用 make 时：make run ARGS='--port 8090'）。",
    )


class AddressRefused(BadInput):
    """An address of the web that is not fetched from. Values: ``reason`` (Text)."""

    code = "address_refused"
    status = 400
    sentence = Text("Pictures are not fetched from this address: {reason}.", "不能从该地址获取图片：{reason}。")
    hint = Text("Save the picture and upload the file.", "请先保存图片，再上传文件。")


class FetchFailed(BadInput):
    """The web did not give a picture. Values: ``reason`` (Text)."""

    code = "fetch_failed"
    status = 422
    retryable = True
    sentence = Text("The picture could not be fetched: {reason}.", "无法获取图片：{reason}。")
    hint = Text("Save the picture and upload the file.", "请先保存图片，再上传文件。")


class DatabaseProblem(BadInput):
    """Newer than the program, or not to be upgraded as it is. Values: ``reason`` (Text), ``advice`` (Text)."""

    code = "database_problem"
    status = 500
    sentence = Text("The database cannot be used: {reason}.", "无法使用数据库：{reason}。")
    hint = Text("{advice}", "{advice}")


class BackupNotUsable(BadInput):
    """A backup that cannot be restored. Values: ``name``, ``reason`` (Text)."""

    code = "backup_not_usable"
    sentence = Text("{name} cannot be restored: {reason}.", "无法恢复 {name}：{reason}。")
    hint = Text("Choose another backup; nothing was changed.", "请选择其他备份；未作任何更改。")


class BackupElsewhere(BadInput):
    """A backup that other programs make better. Values: ``what`` (Text), ``advice`` (Text)."""

    code = "backup_elsewhere"
    status = 501
    sentence = Text("vtonlab does not back up {what}.", "vtonlab 不备份{what}。")
    hint = Text("{advice}", "{advice}")

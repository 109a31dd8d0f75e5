"""The words of the page, in both languages."""

from __future__ import annotations

from typing import Final

from vtonlab.engines.contract import Engine
from vtonlab.errors import Text

_TEXTS: Final = {
    "heading": Text("# VTON Lab", "# VTON Lab · 试衣"),
    "person": Text("1 · The person", "1 · 人物"),
    "person_hint": Text("Drop or paste a photo here, or click to choose one", "将照片拖放或粘贴到此处，或点击选择"),
    "garment": Text("2 · The garment", "2 · 衣物"),
    "description": Text("What is it? (helps some engines)", "衣物描述（对部分引擎有帮助）"),
    "such_as": Text("short-sleeved round-neck T-shirt", "圆领短袖 T 恤"),
    "auto_mask": Text(
        "Find out by itself what to change (else: draw over it)", "自动识别要更换的区域（否则请手动涂抹）"
    ),
    "auto_crop": Text("Cut the photo to the person first", "先将照片裁剪到人物"),
    "steps": Text("Steps: more take longer and look cleaner", "步数：越多越慢，画面越干净"),
    "seed": Text("Seed", "随机种子"),
    "start": Text("Try it on", "试穿"),
    "stop": Text("Stop", "停止"),
    "result": Text("3 · The picture", "3 · 试穿效果"),
    "masked": Text("What was changed", "更换的区域"),
}

ENGLISH: Final = {name: text.en for name, text in _TEXTS.items()}


def make_words(engine: Engine) -> dict[str, dict[str, str]]:
    """The page's words by language, as Gradio's I18n takes them."""
    texts = _TEXTS | {"about": _about(engine)}
    chinese = {name: text.zh for name, text in texts.items()}
    return {"en": {name: text.en for name, text in texts.items()}, "zh": chinese, "zh-CN": chinese}


def _about(engine: Engine) -> Text:
    """Which engine makes the pictures, and where photos go."""
    return Text(
        "**{title}** — {privacy} They are deleted here within two hours.",
        "**{title}** — {privacy}图片会在两小时内从这里删除。",
    ).with_values(title=engine.title, privacy=engine.capabilities.privacy)

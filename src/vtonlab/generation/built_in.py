"""The templates that come with the program, in both languages of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vtonlab.errors import Text


@dataclass(frozen=True)
class Field:
    """What is to be filled in; it stands in the template's text as ``{name}``."""

    name: str
    label: Text
    hint: Text
    default: Text


@dataclass(frozen=True)
class BuiltIn:
    """A template of the program's own."""

    id: str
    name: Text
    text: Text
    negative_prompt: Text
    fields: tuple[Field, ...]
    least_references: int
    """Reference pictures that it speaks of."""
    most_references: int


MODEL: Final = Field(
    "model",
    Text("Model", "模特"),
    Text("Age, build, hair, whatever matters", "年龄、体型、发型等"),
    Text("a woman of about thirty with shoulder-length dark hair", "一位三十岁左右、留着齐肩深色头发的女性"),
)
POSE: Final = Field(
    "pose",
    Text("Pose", "姿势"),
    Text("How the model stands or moves", "模特的站姿或动作"),
    Text("standing upright, facing the camera, arms relaxed at the sides", "正面站立，双臂自然下垂"),
)
PLACE: Final = Field(
    "place",
    Text("Place", "场景"),
    Text("Studio, street, nature …", "影棚、街头、户外等"),
    Text("a photo studio with a seamless light grey backdrop", "浅灰色无缝背景的摄影棚"),
)
LIGHT: Final = Field(
    "light",
    Text("Light", "光线"),
    Text("Soft or hard, warm or cool, from where", "柔和或强烈、冷暖、方向"),
    Text("soft daylight from the upper left", "来自左上方的柔和自然光"),
)
PRODUCT: Final = Field(
    "product",
    Text("Product", "商品"),
    Text("What it is, in a few words", "用几个词说明是什么"),
    Text("the garment", "这件衣服"),
)
SURFACE: Final = Field(
    "background",
    Text("Background", "背景"),
    Text("Colour or material", "颜色或材质"),
    Text("a pure white background", "纯白背景"),
)
VIEW: Final = Field(
    "view",
    Text("View", "视角"),
    Text("From the front, from behind, a detail …", "正面、背面、细节特写等"),
    Text("the front, at eye level", "正面平视"),
)
SCENE: Final = Field(
    "background",
    Text("New background", "新背景"),
    Text("Where it shall be", "希望出现在哪里"),
    Text("a quiet street in the old town on a sunny morning", "晴朗早晨的老城小街"),
)

TEXT_IN_PICTURES: Final = Text(
    "text, watermark, logo that is not on the garment, extra limbs, deformed hands, blurred fabric",
    "文字、水印、服装上没有的标志、多余的肢体、变形的手、模糊的面料",
)

BUILT_IN: Final = (
    BuiltIn(
        "model-photo",
        Text("Model photo", "模特图"),
        Text(
            "A full-length fashion photograph of {model}, wearing the garment of the reference picture. The garment is "
            "exactly the one in the reference: the same cut, length, colour, pattern, fabric, buttons and seams. "
            "Pose: {pose}. Place: {place}. Light: {light}. Taken with an 85 mm lens, in focus from collar to hem, with "
            "natural skin and real folds in the fabric. Nothing covers the garment, and no text is added.",
            "一张全身时尚摄影照片：{model}，穿着参考图中的服装。服装与参考图完全一致，版型、长度、颜色、图案、面料、纽扣和缝线"
            "都不改变。姿势：{pose}。场景：{place}。光线：{light}。使用 85mm 镜头拍摄，从领口到下摆都清晰对焦，"
            "皮肤自然，面料褶皱真实。服装没有被遮挡，画面中不添加任何文字。",
        ),
        TEXT_IN_PICTURES,
        (MODEL, POSE, PLACE, LIGHT),
        1,
        2,
    ),
    BuiltIn(
        "product-page",
        Text("Product detail page", "商品详情图"),
        Text(
            "A product photograph of {product}, as shown in the reference picture, for the detail page of a shop. "
            "Seen from {view}, on {background}. The whole product is in the frame with an even margin around it; its "
            "colours are true, its material and seams can be made out, the light is soft and even, and a faint natural "
            "shadow lies beneath it. No person, no props, no text.",
            "一张用于电商详情页的商品照片：参考图中的{product}。视角：{view}，背景：{background}。商品完整入镜，四周留白均匀，"
            "颜色准确，材质和缝线清晰可见，光线柔和均匀，下方有淡淡的自然投影。画面中没有人物、道具和文字。",
        ),
        Text(
            "people, hands, hangers, props, text, watermark, harsh shadows, cropped product",
            "人物、手、衣架、道具、文字、水印、生硬的阴影、商品被裁切",
        ),
        (PRODUCT, VIEW, SURFACE),
        1,
        3,
    ),
    BuiltIn(
        "flat-lay-on-model",
        Text("Flat lay to model", "平铺图转模特图"),
        Text(
            "Show the garment that lies flat in the reference picture as it is worn by {model}. It falls over the body "
            "as that fabric would, with its true length, cut, colour and pattern; every button, pocket and print stays "
            "in its place and size. Pose: {pose}. Place: {place}. A realistic photograph, head to feet, without any "
            "trace of the flat lay, hanger or table.",
            "让参考图中平铺的服装穿在{model}身上。面料自然垂坠，长度、版型、颜色和图案与原图一致，每颗纽扣、每个口袋和印花的位置与"
            "大小都不变。姿势：{pose}。场景：{place}。真实的全身摄影照片，不出现平铺时的台面、衣架或背景。",
        ),
        TEXT_IN_PICTURES,
        (MODEL, POSE, PLACE),
        1,
        2,
    ),
    BuiltIn(
        "change-background",
        Text("Change the background", "更换背景"),
        Text(
            "Replace only the background of the reference picture: it is now {background}. The person or product in "
            "front stays exactly as it is, with the same face, pose, clothes, outline and size. The new background "
            "fits the perspective of the camera; light, colour and the shadow on the ground match it, and the edges of "
            "hair and fabric are clean.",
            "只替换参考图的背景，新背景是：{background}。前景中的人物或商品保持原样，面部、姿势、服装、轮廓和大小都不改变。"
            "新背景与相机透视一致，光线、色调和地面投影相互协调，头发和面料的边缘干净自然。",
        ),
        Text(
            "changed face, changed clothes, halo around the outline, floating feet, text, watermark",
            "面部改变、服装改变、轮廓光晕、双脚悬空、文字、水印",
        ),
        (SCENE,),
        1,
        1,
    ),
    BuiltIn(
        "change-model",
        Text("Change the model", "更换模特"),
        Text(
            "Replace the person in the reference picture by {model}. The clothes stay exactly the same, with their "
            "cut, colour, pattern, folds and fit, and so do pose, framing, background and light. The new person's "
            "face, hands and skin look natural and belong together; the picture is a real photograph.",
            "把参考图中的人物换成{model}。服装完全不变，版型、颜色、图案、褶皱和合身程度都保持一致，姿势、构图、背景和光线也不变。"
            "新人物的面部、双手和肤色自然协调，整张图片看起来是真实拍摄的照片。",
        ),
        Text(
            "changed clothes, changed background, mismatched skin tones, deformed hands, text, watermark",
            "服装改变、背景改变、肤色不一致、变形的手、文字、水印",
        ),
        (MODEL,),
        1,
        2,
    ),
)

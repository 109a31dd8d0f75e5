"""The licence and privacy card of an engine: what a person is told before its first picture.

Everything on it comes from the engine's capabilities; the command line, the documents and the studio interface show the
same card.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtonlab.engines.contract import Capabilities, Engine
from vtonlab.errors import Text

UNKNOWN = Text("not stated", "未说明")

ALLOWED = Text("Commercial use is allowed.", "允许商业使用。")
FORBIDDEN = Text("Commercial use is forbidden.", "禁止商业使用。")
FREE = Text("Pictures cost nothing.", "图片免费。")
PAID = Text("Each picture costs money.", "每张图片都会产生费用。")
PRICED = Text(
    "Each picture costs money; it is taken to be {price} US dollars.", "每张图片都会产生费用，按 {price} 美元计算。"
)

ENGINE = Text("Engine", "引擎")
CODE = Text("Licence of the code", "代码许可")
WEIGHTS = Text("Licence of the weights", "模型权重许可")
COMMERCE = Text("Commercial use", "商业使用")
PICTURES = Text("Where pictures go", "图片去向")
HOST = Text("Pictures are sent to", "图片发送到")
COST = Text("Cost", "费用")


@dataclass(frozen=True)
class Card:
    """What is known of an engine's licences, of where pictures go, and of what they cost."""

    name: str
    title: Text
    code_licence: str
    """As the licence is called (an SPDX name where there is one); empty where the engine does not say."""
    weights_licence: str
    """Empty where the engine has none of its own, or does not say."""
    commercial_use: bool
    commerce: Text
    sends_pictures_to: str | None
    """Host; None where pictures stay on this machine."""
    privacy: Text
    is_paid: bool
    cost: Text

    @property
    def licence(self) -> str:
        """Both licences in one line, code first; empty where none is known."""
        if self.code_licence and self.weights_licence and self.code_licence != self.weights_licence:
            return f"{self.code_licence}; {self.weights_licence}"
        return self.code_licence or self.weights_licence

    def lines(self) -> tuple[tuple[Text, Text], ...]:
        """The card line by line: what it is about, and what is said; for the command line and the documents."""
        rows = [
            (ENGINE, self.title),
            (CODE, _words(self.code_licence)),
            (WEIGHTS, _words(self.weights_licence)),
            (COMMERCE, self.commerce),
            (PICTURES, self.privacy),
        ]
        if self.sends_pictures_to is not None:
            rows.append((HOST, _words(self.sends_pictures_to)))
        return (*rows, (COST, self.cost))


def make_card(engine: Engine, price: float | None = None) -> Card:
    """The card of ``engine``; ``price``: what the settings take a picture of it to cost, in US dollars."""
    can: Capabilities = engine.capabilities
    return Card(
        name=engine.name,
        title=engine.title,
        code_licence=can.code_licence,
        weights_licence=can.weights_licence,
        commercial_use=can.commercial_use,
        commerce=ALLOWED if can.commercial_use else FORBIDDEN,
        sends_pictures_to=can.remote_host,
        privacy=can.privacy,
        is_paid=can.is_paid,
        cost=_cost(can, price),
    )


def _cost(can: Capabilities, price: float | None) -> Text:
    if not can.is_paid:
        return FREE
    return PRICED.with_values(price=f"{price:g}") if price else PAID


def _words(name: str) -> Text:
    return Text(name, name) if name else UNKNOWN

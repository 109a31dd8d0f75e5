"""What stands on the card of an engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vtonlab.engines import registry
from vtonlab.engines.contract import Capabilities
from vtonlab.errors import Text
from vtonlab.providers.cards import CODE, COMMERCE, COST, FORBIDDEN, FREE, HOST, PAID, PICTURES, make_card


class Service:
    """An engine that works elsewhere, as far as its card asks."""

    name = "elsewhere"
    title = Text("Elsewhere", "别处")
    capabilities = Capabilities(
        remote_host="fit.example",
        privacy=Text("Pictures are sent to Fit.", "图片会发送到 Fit。"),
        code_licence="MIT",
        weights_licence="CC BY-NC-SA 4.0",
        commercial_use=False,
        is_paid=True,
    )


def card_of(price: float | None = None, **changes: Any) -> Any:
    engine: Any = Service()
    engine.capabilities = replace(Service.capabilities, **changes)
    return make_card(engine, price)


def test_the_built_in_engine_keeps_pictures_here_and_costs_nothing() -> None:
    card = make_card(registry.get())
    said = {about.en: words for about, words in card.lines()}
    assert card.sends_pictures_to is None
    assert HOST.en not in said
    assert said[COST.en] is FREE
    assert "Apache-2.0" in card.licence
    assert "stay on this machine" in said[PICTURES.en].en


def test_a_service_says_where_pictures_go_and_what_its_weights_forbid() -> None:
    card = card_of()
    said = {about.en: words for about, words in card.lines()}
    assert said[HOST.en].en == "fit.example"
    assert said[PICTURES.en].zh == "图片会发送到 Fit。"
    assert said[COMMERCE.en] is FORBIDDEN
    assert said[CODE.en].say() == "MIT"
    assert card.licence == "MIT; CC BY-NC-SA 4.0"
    assert card.cost is PAID


@pytest.mark.parametrize(("price", "told"), [(0.075, "0.075"), (0.05, "0.05"), (12.0, "12")])
def test_a_price_is_told_as_it_is_set(price: float, told: str) -> None:
    assert f" {told} US dollars" in card_of(price).cost.en
    assert f" {told} 美元" in card_of(price).cost.zh
    assert card_of(price, is_paid=False).cost is FREE


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    card = card_of(code_licence="", weights_licence="")
    assert card.licence == ""
    assert {about.en: words.en for about, words in card.lines()}[CODE.en] == "not stated"
    assert card_of(weights_licence="MIT").licence == "MIT"

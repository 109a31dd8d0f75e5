"""Prompts with fields."""

from __future__ import annotations

import json

import pytest
from tests.unit.generation.house import ANN, ANNS, BOB, BOBS, House, caller

from vtonlab.errors import Conflict, NotAllowed, NotThere
from vtonlab.generation import templates
from vtonlab.generation.built_in import BUILT_IN
from vtonlab.generation.models import PromptTemplate
from vtonlab.generation.orders import PROMPT_LETTERS
from vtonlab.generation.templates import Draft, find_fields

pytestmark = pytest.mark.anyio


def test_the_programs_own_are_whole_in_both_languages() -> None:
    assert [one.id for one in BUILT_IN] == [
        "model-photo",
        "product-page",
        "flat-lay-on-model",
        "change-background",
        "change-model",
    ]
    for one in BUILT_IN:
        for language in ("en", "zh-CN"):
            text = one.text.say(language)
            assert sorted(find_fields(text)) == sorted(field.name for field in one.fields)
            for field in one.fields:
                assert field.label.say(language)
                assert field.hint.say(language)
                text = text.replace(f"{{{field.name}}}", field.default.say(language))
            assert not set("{}") & set(text)
            assert len(text) < PROMPT_LETTERS
        assert one.name.en != one.name.zh
        assert 0 <= one.least_references <= one.most_references


async def test_kept_changed_and_removed(house: House) -> None:
    own = house.generation.templates
    one = await own.add(ANNS, Draft("Street", "{garment} on {street}", "text"))
    two = await own.add(ANNS, Draft("Beach", "{garment} at the sea"))
    assert [row.name for row in await own.own(ANNS)] == ["Street", "Beach"]
    changed = await own.change(ANNS, one.id, Draft("Alley", "{garment}"))
    assert (changed.name, changed.text, changed.negative_prompt) == ("Alley", "{garment}", "")
    assert changed.updated_at > one.created_at
    await own.change(ANNS, one.id, Draft("alley", "{garment} again"))
    await own.remove(ANNS, two.id)
    assert [row.name for row in await own.own(ANNS)] == ["alley"]


async def test_a_name_is_ones_own_once(house: House) -> None:
    own = house.generation.templates
    one = await own.add(ANNS, Draft("Street", "a"))
    two = await own.add(ANNS, Draft("Beach", "a"))
    for name in ("Street", "STREET", "Ｓｔｒｅｅｔ"):
        with pytest.raises(Conflict):
            await own.add(ANNS, Draft(name, "b"))
        with pytest.raises(Conflict):
            await own.change(ANNS, two.id, Draft(name, "b"))
    assert (await own.add(BOBS, Draft("Street", "b"))).id != one.id


async def test_there_is_an_end_to_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MOST_TEMPLATES", 2)
    own = house.generation.templates
    for name in "ab":
        await own.add(ANNS, Draft(name, "x"))
    with pytest.raises(Conflict):
        await own.add(ANNS, Draft("c", "x"))


async def test_others_are_not_there(house: House) -> None:
    own = house.generation.templates
    one = await own.add(ANNS, Draft("Street", "a"))
    for template_id in (one.id, BUILT_IN[0].id, "没有", "x" * 64):
        with pytest.raises(NotThere):
            await own.change(BOBS, template_id, Draft("b", "b"))
        with pytest.raises(NotThere):
            await own.remove(BOBS, template_id)
    viewer = caller(ANN, "viewer")
    assert [row.id for row in await own.own(viewer)] == [one.id]
    with pytest.raises(NotAllowed):
        await own.add(viewer, Draft("c", "c"))
    with pytest.raises(NotAllowed):
        await own.remove(viewer, one.id)


async def test_they_go_and_come_with_the_account(house: House) -> None:
    own, hook = house.generation.templates, house.generation.hook
    await own.add(ANNS, Draft("街拍", "{衣服} 在街上"))
    (file,) = [file async for file in hook.export(ANN)]
    assert isinstance(file.data, bytes)
    assert file.name == "templates.json"
    assert json.loads(file.data)["templates"][0]["text"] == "{衣服} 在街上"
    async with house.database.read() as session:
        assert await hook.usage(session, ANN) == {"templates": 1}
    await house.database.write(lambda session: hook.merge(session, ANN, BOB))
    assert [row.name for row in await own.own(BOBS)] == ["街拍"]
    assert await house.database.write(lambda session: hook.delete(session, BOB)) == {"templates": 1}
    assert await house.rows(PromptTemplate) == []

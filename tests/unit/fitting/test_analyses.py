"""What engines found out about a picture is kept beside it, and is only a cache."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.unit.fitting.engines import Script
from tests.unit.fitting.house import ANN, ANNS, House, open_house, order, plain

from vtonlab.db.database import Database
from vtonlab.fitting.analyses import LARGEST, MOST_KEPT, Analyses, name_analysis, pack, unpack
from vtonlab.library.companions import Companion, companion_key
from vtonlab.storage.local import LocalStorage

pytestmark = pytest.mark.anyio

PICTURE = "images/ann/clothes/clothes_20261122_080000_01234567.png"
BESIDE = companion_key(PICTURE, Companion.ANALYSES)


async def fit(house: House, *pictures, **more) -> None:
    await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(*pictures, **more))).task_id)


async def test_the_second_fitting_of_a_picture_begins_where_the_first_one_was(
    database: Database, tmp_path: Path, script: Script
) -> None:
    async with open_house(database, tmp_path) as house:
        person, top, trousers = await house.wardrobe()
        await fit(house, person, top)
        assert sorted(script.analysed) == ["garment auto", "person"]
        found = await Analyses(house.storage).load(person.storage_key)
        assert found == {name_analysis("painter", "person-200"): b"person 200 150"}
    script.analysed.clear()
    async with open_house(database, tmp_path) as house:  # nothing is in memory any more
        await fit(house, person, top)
        assert script.analysed == []
        asked = script.calls[-1][1]
        assert (asked.person_analysis, asked.garment_analysis) == (b"person 200 150", b"garment 160 120")
        await fit(house, person, top, trousers)
        assert sorted(script.analysed) == ["garment lower", "garment upper"]
        assert script.calls[-1][1].lower_analysis == b"garment 160 120"
        await fit(house, person, trousers, top)
        names = set(await Analyses(house.storage).load(top.storage_key))
        assert names == {name_analysis("painter", f"garment-{kind}-160") for kind in ("auto", "upper", "lower")}


async def test_a_damaged_or_missing_file_costs_only_time(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    await fit(house, person, top)
    key = companion_key(person.storage_key, Companion.ANALYSES)
    await house.storage.put(key, b"PK\x03\x04 not a zip")
    house.fitting.kept._memory.__init__(0)  # type: ignore[misc]
    script.analysed.clear()
    await fit(house, person, top)
    assert script.analysed == ["person"]
    assert await Analyses(house.storage).load(person.storage_key)


async def test_what_another_version_found_out_is_not_handed_to_this_one(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    await Analyses(house.storage).add(person.storage_key, {"painter-0.0.1-old/person-200": b"old"})
    await fit(house, person, top)
    assert script.calls[-1][1].person_analysis == b"person 200 150"


async def test_writers_at_the_same_time_do_no_harm(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put(PICTURE, b"x")
    analyses = Analyses(storage)
    await asyncio.gather(*(analyses.add(PICTURE, {f"engine/{number}": b"%d" % number}) for number in range(8)))
    found = await analyses.load(PICTURE)
    assert found
    assert all(data == name.rpartition("/")[2].encode() for name, data in found.items())
    await storage.close()


async def test_the_newest_are_kept(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put(PICTURE, b"x")
    analyses = Analyses(storage)
    for number in range(MOST_KEPT + 3):
        await analyses.add(PICTURE, {f"engine/{number}": b"x"})
    await analyses.add(PICTURE, {})
    assert set(await analyses.load(PICTURE)) == {f"engine/{number}" for number in range(3, MOST_KEPT + 3)}
    await storage.close()


async def test_what_is_found_out_about_a_picture_that_is_gone_goes_too(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await Analyses(storage).add(PICTURE, {"engine/person": b"x"})
    assert [entry.key async for entry in storage.list("")] == []
    await storage.close()


async def test_storage_that_fails_is_no_failure_of_the_fitting(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put(PICTURE, b"x")
    (tmp_path / BESIDE).mkdir(parents=True)  # where the file should be
    await Analyses(storage).add(PICTURE, {"engine/person": b"x"})
    assert await Analyses(storage).load(PICTURE) == {}
    await storage.close()


async def test_purging_a_picture_purges_what_was_found_out(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    await fit(house, person, top)
    await house.library.trash(ANN, [person.id])
    await house.library.purge(ANNS, person.id)
    await asyncio.sleep(0.05)
    assert not [key for key in await house.keys() if person.filename.partition(".")[0] in key]


async def test_the_sweep_removes_what_lies_beside_no_picture(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    await fit(house, person, top)
    kept = await house.keys()
    stray = "images/ann/vton_results/vton_result_20261122_080000_01234567.png"
    for kind in Companion:
        await house.storage.put(companion_key(stray, kind), b"x")
    report = await house.sweep.run(alone=True)
    assert report.orphans == 3
    assert await house.keys() == kept


def test_hostile_files_are_not_unpacked() -> None:
    import io
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("painter/person", b"\0" * 10**7)
    assert unpack(file.getvalue()) == {}
    assert unpack(pack({"a/b": b"1", "c/d": b"2"})) == {"a/b": b"1", "c/d": b"2"}
    assert LARGEST > 2**20


async def test_the_same_picture_is_known_wherever_it_is_kept(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    await fit(house, person, top)
    again = await house.add(plain((220, 180, 160), 200, 150), "clothes")
    assert again.content_hash == person.content_hash
    script.analysed.clear()
    await fit(house, again, top)
    assert script.analysed == []
    assert set(await Analyses(house.storage).load(again.storage_key)) == {name_analysis("painter", "person-200")}

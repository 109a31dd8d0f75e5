"""The installation's secret."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vtonlab.accounts.secret import FILE, load_secret
from vtonlab.errors import BadSetting, FileProblem
from vtonlab.settings import Settings


def test_it_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")
    made = load_secret(settings)
    assert len(made) == 64
    assert load_secret(settings) == made
    assert stat.S_IMODE((tmp_path / "new" / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


def test_many_that_start_at_once_have_the_same(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: load_secret(settings), range(64)))) == 1


def test_one_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("k" * 40)
    (tmp_path / FILE).chmod(0o644)
    assert load_secret(Settings(data=tmp_path)) == b"k" * 40
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_an_emptied_one_is_told_not_replaced(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("")
    with pytest.raises(FileProblem):
        load_secret(Settings(data=tmp_path))
    assert (tmp_path / FILE).read_text() == ""


def test_the_setting_wins_and_must_be_long(tmp_path: Path) -> None:
    assert load_secret(Settings(data=tmp_path, secret_key="s" * 32)) == b"s" * 32
    assert not (tmp_path / FILE).exists()
    with pytest.raises(BadSetting):
        load_secret(Settings(data=tmp_path, secret_key="s" * 31))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileProblem):
        load_secret(Settings(data=tmp_path / "file" / "inside"))

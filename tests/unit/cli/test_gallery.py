from __future__ import annotations

import pytest
from tests.unit.cli.conftest import paint, read


@pytest.fixture
def matrix(tmp_path):
    for index, colour in enumerate([(200, 180, 160), (150, 170, 190)]):
        paint(tmp_path / "set" / "persons" / f"p{index}.png", colour)
    for index, colour in enumerate([(150, 40, 40), (40, 60, 120), (0, 0, 0)]):
        paint(tmp_path / "set" / "garments" / f"g{index}.png", colour)
    return tmp_path


def test_persons_by_garments(vtonlab, matrix):
    done = vtonlab("gallery", "set", "-o", "sheet.png", "--engine", "paint", "--height", "128")
    assert done.returncode == 0, done.stderr
    sheet = read(matrix / "sheet.png")
    columns = [4, 4 + 96 + 4, 4 + 2 * 100]
    middle = {(row, c): tuple(sheet[4 + row * 148 + 64, columns[c] + 48]) for row in range(3) for c in range(3)}
    assert middle[0, 1] == (150, 40, 40)
    assert middle[1, 0] == (200, 180, 160)
    assert middle[1, 1] == (150, 40, 40), "dressed"
    assert middle[2, 2] == (40, 60, 120)
    assert sheet.shape[0] == 3 * 148 + 4


def test_a_choice(vtonlab, matrix):
    done = vtonlab(
        "gallery", "set", "-o", "s.png", "--engine", "paint", "--height", "64", "--pick", "g1", "--persons", "1"
    )
    assert done.returncode == 0, done.stderr
    assert read(matrix / "s.png").shape[0] == 2 * 84 + 4


def test_pictures_of_a_folder(vtonlab, matrix):
    done = vtonlab("gallery", "set/garments", "-o", "s.png", "--height", "64", "--garments", "2")
    assert done.returncode == 0, done.stderr


def test_true_pairs(vtonlab, matrix):
    table = matrix / "set" / "pairs.csv"
    table.write_text("pair,person,garment,area\na,persons/p0.png,garments/g0.png,upper\n")
    done = vtonlab("gallery", "--pairs", table, "-o", "s.png", "--engine", "paint", "--height", "128")
    assert done.returncode == 0, done.stderr
    sheet = read(matrix / "s.png")
    assert [tuple(sheet[68, 52 + 100 * c]) for c in range(4)] == [
        (200, 180, 160),
        (150, 40, 40),
        (150, 40, 40),
        (200, 180, 160),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "folder of pictures is needed"),
        (["nowhere"], "no such folder"),
        (["set", "--analyses", "--engine", "paint"], "draws no analyses"),
        (["--pairs", "set/garments/g0.png"], "cannot be read"),
    ],
)
def test_wrong_calls(vtonlab, matrix, words, told):
    done = vtonlab("gallery", *words, "-o", "s.png")
    assert done.returncode == 2, done.stderr
    assert told in done.stderr

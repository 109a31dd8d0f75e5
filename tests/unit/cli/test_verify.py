from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.signing import KEY_FILE, ROOT_FILE, open_signer
from vtonlab.imaging.write import encode_picture

FOLDER = "signing"  # of docs/concepts/provenance.md
MADE_AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
PICTURE = np.random.default_rng(3).integers(0, 255, (60, 40, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder, and pictures of every kind in it."""
    folder = tmp_path_factory.mktemp("house")
    ours, theirs = open_signer(folder / FOLDER), open_signer(folder / "others" / FOLDER)
    plain = encode_picture(PICTURE, ".png", source_type=SourceType.COMPOSITE)
    signed = ours.sign(plain, source_type=SourceType.COMPOSITE, engine="instant", made_at=MADE_AT)
    altered = bytearray(signed)
    altered[-100] ^= 1
    painted = theirs.sign(plain, source_type=SourceType.GENERATED, engine="gemini", made_at=MADE_AT)
    files = {
        "ours.png": signed,
        "altered.png": altered,
        "theirs.png": painted,
        "plain.png": plain,
        "note.txt": b"hello",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_a_picture_of_ours(vtonlab, folder):
    done = vtonlab("verify", "--data", folder, folder / "ours.png")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == (
        f"{folder / 'ours.png'}: signed by this installation, unchanged since; engine “instant”; "
        "put together from photos; 2026-11-22 08:30 UTC\n"
    )


@pytest.mark.parametrize(
    ("name", "said", "in_chinese"),
    [
        ("altered.png", "ALTERED after it was signed", "签名之后被修改过"),
        ("theirs.png", "not known here; engine “gemini”; made by a generative model", "由生成式模型生成"),
        ("plain.png", "not signed; put together from photos", "未签名；由照片合成"),
    ],
)
def test_a_picture_that_is_not(vtonlab, folder, name, said, in_chinese):
    done = vtonlab("verify", "--data", folder, folder / name)
    assert done.returncode == 1
    assert said in done.stdout
    assert in_chinese in vtonlab("verify", "--data", folder, folder / name, "--lang", "zh").stdout


def test_one_that_cannot_be_read_keeps_no_other_from_being_looked_at(vtonlab, folder):
    files = [folder / name for name in ("note.txt", "missing.png", "altered.png", "ours.png")]
    done = vtonlab("verify", "--data", folder, *files)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 2
    assert "note.txt is not a picture" in done.stderr
    assert "missing.png: there is no such file" in done.stderr


def test_json(vtonlab, folder):
    files = [folder / name for name in ("ours.png", "theirs.png", "plain.png", "note.txt")]
    done = vtonlab("verify", "--json", "--data", folder, *files)
    assert done.returncode == 2
    assert done.stderr == ""
    ours, theirs, plain, note = json.loads(done.stdout)
    assert ours == {
        "file": str(folder / "ours.png"),
        "state": "valid",
        "own": True,
        "signer": ours["signer"],
        "program": ours["program"],
        "engine": "instant",
        "source_type": SourceType.COMPOSITE.uri,
        "made_at": "2026-11-22T08:30:00+00:00",
    }
    assert [each["state"] for each in (theirs, plain, note)] == ["foreign", "unsigned", "error"]
    assert plain["source_type"] == SourceType.COMPOSITE.uri  # by its XMP
    assert note["error"]["code"] == "image_unreadable"


def test_somebody_else_may_be_trusted(vtonlab, folder):
    root = folder / "others" / FOLDER / ROOT_FILE
    done = vtonlab("verify", "--data", folder, "--trust", root, folder / "theirs.png", folder / "ours.png")
    assert done.returncode == 0
    theirs, ours = done.stdout.splitlines()
    assert "whom you trust, unchanged since; engine “gemini”" in theirs
    assert "signed by this installation" in ours


@pytest.mark.parametrize("name", [Path("others") / FOLDER / KEY_FILE, Path("note.txt"), Path("missing.pem")])
def test_what_is_no_root_is_not_trusted(vtonlab, folder, name):
    done = vtonlab("verify", "--data", folder, "--trust", folder / name, folder / "ours.png")
    assert done.returncode == 2
    assert done.stdout == ""
    assert name.name in done.stderr


def test_without_an_installation_nobody_is_known(vtonlab, folder, tmp_path):
    done = vtonlab("verify", folder / "ours.png", VTONLAB_DATA=str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert "who is not known here" in done.stdout
    assert not (tmp_path / "nothing").exists()  # looking makes nothing

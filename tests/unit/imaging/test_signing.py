from __future__ import annotations

import getpass
import io
import json
import multiprocessing
import os
import pickle
import socket
import stat
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import c2pa  # type: ignore[import-untyped]
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.peak import READ_PEAK
from tests.unit.imaging.signed import MADE_AT, SUFFIXES, draw, encode, folder_of, ours, pixels, read, sign  # noqa: F401

from vtonlab.errors import FileProblem, ImageUnreadable
from vtonlab.imaging.manifest import State
from vtonlab.imaging.provenance import SourceType, read_source_type
from vtonlab.imaging.signing import KEY_FILE, ROOT_FILE, open_signer
from vtonlab.imaging.write import encode_picture

# The key


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path):
    folder = tmp_path / "data" / "signing"
    signer = open_signer(folder)
    assert folder_of(folder) == {KEY_FILE, ROOT_FILE}
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert open_signer(folder) == signer
    assert open_signer(tmp_path / "another") != signer


def test_a_key_that_others_may_read_is_closed_to_them(tmp_path):
    open_signer(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    open_signer(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_the_root_that_others_are_given_holds_no_secret_and_comes_back(tmp_path):
    signer = open_signer(tmp_path)
    root = (tmp_path / ROOT_FILE).read_bytes()
    assert root == signer.root
    assert b"PRIVATE" not in root
    assert root.count(b"-----BEGIN CERTIFICATE-----") == 1
    (tmp_path / ROOT_FILE).unlink()
    open_signer(tmp_path)
    assert (tmp_path / ROOT_FILE).read_bytes() == root


@pytest.mark.parametrize("left", [b"", b"no key at all", b"-----BEGIN PRIVATE KEY-----\nMIG"])
def test_a_damaged_key_is_told_of_and_never_replaced(tmp_path, left):
    (tmp_path / KEY_FILE).write_bytes(left)
    with pytest.raises(FileProblem):
        open_signer(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == left


def test_a_folder_that_cannot_be_made_is_our_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileProblem):
        open_signer(tmp_path / "file" / "signing")


OPEN = "import sys; from pathlib import Path; from vtonlab.imaging.signing import open_signer\n"


def test_processes_that_start_at_once_get_the_same_key(tmp_path):
    # Each waits for the same moment, so that they come to the missing file together.
    program = OPEN + (
        "import time; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.read()\n"
        "sys.stdout.buffer.write(open_signer(Path(sys.argv[1])).chain)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    chains = set()
    for process in started:
        with process:
            assert process.stdout is not None
            chains.add(process.stdout.read())
    assert chains == {open_signer(tmp_path).chain}
    assert folder_of(tmp_path) == {KEY_FILE, ROOT_FILE}


@pytest.mark.parametrize("step", ["fsync", "link", "replace"])
def test_a_crash_half_way_leaves_no_half_key(tmp_path, step):
    dies = OPEN + (
        "import os, pathlib\n"
        f"os.{step} = pathlib.Path.{'replace' if step == 'replace' else 'rename'} = lambda *_: os._exit(9)\n"
        "open_signer(Path(sys.argv[1]))"
    )
    died = subprocess.run([sys.executable, "-c", dies, tmp_path], check=False)
    assert died.returncode == 9
    kept = (tmp_path / KEY_FILE).read_bytes() if step == "replace" else None
    signer = open_signer(tmp_path)
    assert kept in {None, signer.key + signer.chain}
    assert (tmp_path / ROOT_FILE).read_bytes() == signer.root
    assert read(sign(signer, encode()), anchors=signer.root).state is State.VALID


def test_the_certificates_name_no_person_and_no_machine(tmp_path):
    signer = open_signer(tmp_path)
    leaf, root = x509.load_pem_x509_certificates(signer.chain)
    key = load_pem_private_key(signer.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert leaf.public_key() == key.public_key()
    leaf.verify_directly_issued_by(root)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [each.dotted_string for each in usage] == ["1.3.6.1.5.5.7.3.4"]
    assert leaf.not_valid_before_utc < datetime(2021, 1, 1, tzinfo=UTC)
    assert leaf.not_valid_after_utc > datetime.now(UTC) + timedelta(days=365 * 20)
    told = " ".join(name.rfc4514_string() for name in (leaf.subject, leaf.issuer, root.subject))
    assert told.count("VTON Lab") == 6
    for private in (socket.gethostname(), getpass.getuser(), os.fspath(tmp_path)):
        assert private not in told.replace("VTON Lab root", "")
    another = x509.load_pem_x509_certificates(open_signer(tmp_path / "b").chain)[0]
    assert another.subject != leaf.subject


def test_the_key_is_not_shown(ours):  # noqa: F811
    assert "PRIVATE" not in repr(ours)


# Signing


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("source_type", SourceType)
def test_a_signed_picture_says_how_it_was_made(ours, suffix, source_type):  # noqa: F811
    data = encode(suffix, source_type=source_type)
    signed = ours.sign(data, source_type=source_type, engine="gemini", engine_version="2.1", made_at=MADE_AT)
    said = read(signed, anchors=ours.root)
    assert said is not None
    assert said.state is State.VALID
    assert said.source_type == source_type.uri
    assert said.engine == "gemini 2.1"
    assert said.made_at == MADE_AT
    assert said.program.startswith("VTON Lab ")
    assert said.signer.startswith("VTON Lab installation ")
    assert read_source_type(signed) == source_type.uri  # the XMP that was there
    assert (pixels(signed) == pixels(data)).all()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_else_is_in_the_file(ours, suffix):  # noqa: F811
    data = encode(suffix)
    signed = sign(ours, data)
    assert len(signed) - len(data) < 4_000
    with c2pa.Reader("image/" + {".jpg": "jpeg"}.get(suffix, suffix[1:]), io.BytesIO(signed)) as reader:
        store = json.loads(reader.detailed_json())
    assert len(store["manifests"]) == 1
    manifest = store["manifests"][store["active_manifest"]]
    assert set(manifest["assertion_store"]) == {"c2pa.actions.v2", "c2pa.hash.data"}
    for private in (b"thumbnail", b"ingredient", socket.gethostname().encode(), b".png", b".jpg", b".webp"):
        assert private not in manifest_bytes(signed)


def manifest_bytes(signed: bytes) -> bytes:
    """From the first box of the manifest to its signature's end, wherever the file keeps it."""
    at = signed.index(b"jumb")
    return signed[at : at + 3_300]


def test_moments_are_told_in_utc(ours):  # noqa: F811
    east = MADE_AT.astimezone(timezone(timedelta(hours=8)))
    signed = ours.sign(encode(), source_type=SourceType.COMPOSITE, engine="instant", made_at=east)
    assert read(signed).made_at == MADE_AT
    assert b"+08:00" not in manifest_bytes(signed)


def test_signing_again_replaces_the_manifest(ours):  # noqa: F811
    once = sign(ours, encode())
    again = sign(ours, once)
    assert again.count(b"caBX") == 1
    assert read(again, anchors=ours.root).state is State.VALID


@pytest.mark.parametrize("name", ["引擎", 'a "quoted" \\ name', "a\0b", "x" * 5_000, ""])
def test_any_engine_may_be_named(ours, name):  # noqa: F811
    signed = ours.sign(encode(), source_type=SourceType.COMPOSITE, engine=name, made_at=MADE_AT)
    said = read(signed, anchors=ours.root)
    assert said.state is State.VALID
    assert said.engine == name.replace("\0", "")[:120]


@pytest.mark.parametrize("data", [b"", b"hello", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_what_is_no_picture_cannot_be_signed(ours, data):  # noqa: F811
    with pytest.raises(ImageUnreadable):
        sign(ours, data)


def test_many_threads_may_sign_at_once(ours):  # noqa: F811
    data = [encode(suffix) for suffix in SUFFIXES] * 8
    with ThreadPoolExecutor(8) as threads:
        signed = list(threads.map(lambda each: sign(ours, each), data))
    assert all(read(each, anchors=ours.root).state is State.VALID for each in signed)


def test_a_signer_goes_to_other_processes(ours):  # noqa: F811
    assert pickle.loads(pickle.dumps(ours)) == ours
    sign(ours, encode())  # the library is at work here, too
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        signed = processes.submit(sign, ours, encode()).result(timeout=60)
    assert read(signed, anchors=ours.root).state is State.VALID


def test_a_large_picture_takes_few_copies_of_memory(tmp_path):
    program = READ_PEAK + (
        "import sys; from pathlib import Path; from tests.unit.imaging.signed import *\n"
        "signer = open_signer(Path(sys.argv[1])); data = Path(sys.argv[2]).read_bytes(); sign(signer, encode())\n"
        "before = peak_mb(); sign(signer, data); print(peak_mb() - before, len(data) // 2**20)"
    )
    large = tmp_path / "large.png"
    large.write_bytes(encode_picture(draw(3_000, 3_000), ".png"))
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path, large], capture_output=True, text=True, check=True, cwd=os.curdir
    )
    grown, size = map(int, done.stdout.split())
    assert size > 20
    assert grown < 4.5 * size

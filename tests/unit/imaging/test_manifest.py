from __future__ import annotations

import io
import random
import socket
import struct
import threading
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import c2pa  # type: ignore[import-untyped]
import pytest
from PIL.PngImagePlugin import PngInfo
from tests.unit.imaging.signed import SUFFIXES, draw, encode, ours, pixels, read, sign, theirs  # noqa: F401

from vtonlab.errors import FileProblem, ImageTooLarge, ImageUnreadable
from vtonlab.imaging import manifest, signing
from vtonlab.imaging.manifest import State, read_manifest
from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.read import Limits
from vtonlab.imaging.signing import READING

# What it is worth


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_without_a_manifest_has_none(suffix, ours):  # noqa: F811
    assert read_manifest(encode(suffix), anchors=ours.root) is None


def test_ours_and_theirs(ours, theirs):  # noqa: F811
    signed = sign(theirs, encode())
    assert read(signed, anchors=ours.root).state is State.FOREIGN
    assert read(signed).state is State.FOREIGN
    assert read(signed, anchors=ours.root + b"\n" + theirs.root).state is State.VALID
    assert read(signed, anchors=b"no certificate").state in {State.FOREIGN, State.BROKEN}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_changed_pixel_is_seen(suffix, ours):  # noqa: F811
    data = encode(suffix)
    signed = bytearray(sign(ours, data))
    at = signed.index(data[len(data) // 2 : len(data) // 2 + 64])  # in the middle of the pixels
    signed[at + 10] ^= 1
    said = read(bytes(signed), anchors=ours.root)
    assert said.state is State.ALTERED
    assert said.engine == "instant"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_hung_on_is_seen(suffix, ours):  # noqa: F811
    assert read(sign(ours, encode(suffix)) + b"more", anchors=ours.root).state is State.ALTERED


def test_changed_words_are_seen(ours):  # noqa: F811
    signed = sign(ours, encode())
    lied = signed.replace(b"instant", b"camera!")
    assert lied != signed
    lied = with_right_checksum(lied)
    assert read(lied, anchors=ours.root).state is State.ALTERED


def test_a_manifest_put_on_another_picture_is_seen(ours):  # noqa: F811
    signed = sign(ours, encode())
    start, end = chunk_of(signed)
    other = encode(source_type=SourceType.GENERATED)
    assert read(other[:33] + signed[start:end] + other[33:], anchors=ours.root).state is State.ALTERED


def test_somebody_who_takes_our_name_is_not_taken_for_us(ours, monkeypatch):  # noqa: F811
    number = ours_number(ours)
    monkeypatch.setattr("secrets.token_hex", lambda _: number)
    forger = signing._make_keys()
    assert ours_number(forger) == number
    signed = sign(forger, encode())
    assert read(signed, anchors=ours.root).state is State.FOREIGN
    # Nor with our root, which is public, hung on their certificate.
    leaf = forger.chain.partition(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n"
    mixed = signing.Signer(forger.key, leaf + ours.root)
    try:
        signed = sign(mixed, encode())
    except ImageUnreadable:
        return  # the library itself refuses to sign with such a chain
    assert read(signed, anchors=ours.root).state is not State.VALID


def test_a_thief_of_the_picture_who_signs_it_is_told_by_name(ours, theirs):  # noqa: F811
    said = read(sign(theirs, sign(ours, encode())), anchors=ours.root)
    assert said.state is State.FOREIGN
    assert said.signer != read(sign(ours, encode())).signer


# What cannot be read


def test_what_is_no_picture(tmp_path):
    for data in (b"hello", b"\0" * 100):
        with pytest.raises(ImageUnreadable):
            read(data)
    with pytest.raises(FileProblem):
        read(tmp_path / "missing.png")
    with pytest.raises(ImageUnreadable, match=r"holiday\.png"):
        read(b"hello", name="holiday.png")


def test_a_file_is_read_no_further_than_the_limit(tmp_path, ours):  # noqa: F811
    path = tmp_path / "large.png"
    path.write_bytes(sign(ours, encode()))
    with pytest.raises(ImageTooLarge):
        read(path, limits=Limits(size=1_000))
    assert read(path, anchors=ours.root).state is State.VALID


def test_other_peoples_words_do_nothing_to_a_terminal(theirs):  # noqa: F811
    made = {"action": "c2pa.created", "when": "yesterday", "softwareAgent": {"name": "\x1b[2Jgone\n\u202e" + "x" * 500}}
    made |= {"digitalSourceType": "http://example.com/\x1b[31m"}
    said = read(sign_as(theirs, [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}], "pro\x07gram"))
    assert said.state is State.FOREIGN
    assert said.engine == ("[2Jgone" + "x" * 500)[:120]
    assert said.source_type == "http://example.com/[31m"
    assert said.program == "program 1"
    assert said.made_at is None


def test_a_manifest_that_says_nothing(theirs):  # noqa: F811
    said = read(sign_as(theirs, [{"label": "org.example.x", "data": {"v": 1}}]))
    assert said.state is State.BROKEN  # the format asks for an action
    assert (said.engine, said.source_type, said.made_at) == ("", "", None)


def test_moments_beyond_the_calendar(theirs):  # noqa: F811
    for when, told in (
        ("2026-11-22T16:00:00+08:00", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
    ):
        made = {"action": "c2pa.created", "when": when, "digitalSourceType": "http://cv.iptc.org/x"}
        signed = sign_as(theirs, [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}])
        assert read(signed).made_at == told


# What is hostile


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_flipped_bytes_are_never_taken_for_ours(suffix, ours):  # noqa: F811
    signed = sign(ours, encode(suffix))
    picture, at = pixels(signed), signed.index(b"jumb")
    chance = random.Random(suffix)
    seen = set()
    for turn in range(300):
        damaged = bytearray(signed)
        for _ in range(chance.choice((1, 1, 2, 8))):
            # Most of what may go wrong is in the manifest.
            place = chance.randrange(at - 8, at + 3_200) if turn % 4 else chance.randrange(len(signed))
            damaged[place % len(signed)] = chance.randrange(256)
        try:
            said = read_manifest(bytes(damaged), anchors=ours.root)
        except ImageUnreadable:
            seen.add("unreadable")
            continue
        seen.add(said.state.value if said else "none")
        if said is not None and said.state is State.VALID:  # in what is not signed: the padding behind the manifest
            assert said == read(signed, anchors=ours.root)
            with suppress(OSError, SyntaxError):  # the chunk's checksum: some readers refuse the file
                assert (pixels(bytes(damaged)) == picture).all()
    assert {"altered", "broken"} <= seen


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_off_files(suffix, ours):  # noqa: F811
    signed = sign(ours, encode(suffix))
    for length in (*range(1, 80), *range(80, len(signed), 701), len(signed) - 1):
        try:
            said = read_manifest(signed[:length], anchors=ours.root)
        except ImageUnreadable:
            continue
        assert said is None or said.state is not State.VALID


@pytest.mark.parametrize("depth", [1, 30, 100_000])
def test_boxes_in_boxes(depth):
    label = bytes.fromhex("6332706100110010800000AA00389B71") + b"\x03c2pa\0"
    inner = b""
    head = struct.pack(">I", 8 + len(label)) + b"jumd" + label
    sizes = [(8 + len(head)) * (depth - level) for level in range(depth)]
    inner = b"".join(struct.pack(">I", size) + b"jumb" + head for size in sizes)
    assert read(png_with(inner)).state is State.BROKEN


@pytest.mark.parametrize("length", [0, 1, 7, 0xFFFFFFFF])
def test_boxes_that_lie_about_their_length(length):
    assert read(png_with(struct.pack(">I", length) + b"jumb" + b"\0" * 64)).state is State.BROKEN
    huge = struct.pack(">I", 1) + b"jumb" + struct.pack(">Q", 1 << 62) + b"jumd" + b"\0" * 64
    assert read(png_with(huge)).state is State.BROKEN


def test_more_boxes_than_anybody_needs_are_not_opened(theirs):  # noqa: F811
    made = {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/composite"}
    labels = [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}]
    labels += [{"label": f"org.example.x{number}", "data": {"v": 1}} for number in range(manifest.MOST_BOXES)]
    assert read(sign_as(theirs, labels)).state is State.BROKEN
    assert read(sign_as(theirs, labels[:200])).state is State.FOREIGN


def test_nobody_waits_for_a_manifest_that_takes_too_long(theirs, monkeypatch):  # noqa: F811
    labels = [{"label": f"org.example.x{number}", "data": {"v": 1}} for number in range(900)]
    signed = sign_as(theirs, labels)
    monkeypatch.setattr(manifest, "MOST_SECONDS", 0.001)
    assert read(signed).state is State.BROKEN
    for thread in threading.enumerate():
        if thread.name == "manifest":
            thread.join()


def test_no_address_in_a_file_is_ever_called(ours):  # noqa: F811
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        xmp = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            f'<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{address}"/>'
            "</rdf:RDF></x:xmpmeta>jumb"  # the word that makes the library look
        )
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp)
        file = io.BytesIO()
        from PIL.Image import fromarray

        fromarray(draw()).save(file, "PNG", pnginfo=info)
        assert read(file.getvalue(), anchors=ours.root).state is State.BROKEN
        with pytest.raises(TimeoutError):
            server.accept()


# Making them


def ours_number(signer: signing.Signer) -> str:
    from cryptography.x509 import load_pem_x509_certificates

    return load_pem_x509_certificates(signer.chain)[0].subject.rfc4514_string().split()[3][:16]


def chunk_of(png: bytes) -> tuple[int, int]:
    """Where the manifest's whole chunk stands."""
    at = png.index(b"caBX") - 4
    return at, at + 12 + int.from_bytes(png[at : at + 4], "big")


def with_right_checksum(png: bytes) -> bytes:
    start, end = chunk_of(png)
    return png[: end - 4] + struct.pack(">I", zlib.crc32(png[start + 4 : end - 4])) + png[end:]


def png_with(body: bytes) -> bytes:
    data = encode()
    chunk = struct.pack(">I", len(body)) + b"caBX" + body
    return data[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + data[33:]


def sign_as(signer: signing.Signer, assertions: Sequence[Mapping[str, object]], program: str = "program") -> bytes:
    """A picture with a manifest that says what it likes."""
    info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, signer.chain, signer.key, None)
    said = {"claim_generator_info": [{"name": program, "version": "1"}], "assertions": list(assertions)}
    signed = io.BytesIO()
    with (
        c2pa.Context.from_dict(READING, signer=c2pa.Signer.from_info(info)) as context,
        c2pa.Builder(said, context) as builder,
    ):
        builder.sign("image/png", io.BytesIO(encode()), signed)
    return signed.getvalue()

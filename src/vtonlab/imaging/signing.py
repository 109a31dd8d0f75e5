"""Signing pictures with the installation's own key: a C2PA manifest that says how each was made.

The key is made once, on the machine itself, and certified by a root of its own whose key is thrown away. So a signature
says "made by this installation, and unchanged since", and nothing about any person. The manifest holds one action, the
engine's name, and a time; no thumbnail, no source picture, no file name. Format: C2PA 2.x, https://spec.c2pa.org.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vtonlab.errors import FileProblem, ImageUnreadable, Text
from vtonlab.imaging.formats import Format, recognise
from vtonlab.imaging.provenance import SourceType

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateBuilder, Name

KEY_FILE: Final = "key.pem"
"""The private key, then its certificate, then the root's: one file, so that they are there together or not at all."""
ROOT_FILE: Final = "root.pem"
"""The root's certificate alone: what others need to recognise the pictures of this installation. No secret."""

PROGRAM: Final = "VTON Lab"
SIGNED: Final = frozenset({Format.PNG, Format.JPEG, Format.WEBP})

EMAIL_PROTECTION: Final = "1.3.6.1.5.5.7.3.4"
"""Key usage that C2PA asks of a signer's certificate (C2PA 2.x §14.5.1)."""

READING: Final[dict[str, Any]] = {
    "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
    "core": {"allowed_network_hosts": [], "max_decompressed_manifest_size_in_mb": 8},
    "builder": {"thumbnail": {"enabled": False}},
}
"""Nothing is ever fetched: a picture from a stranger must not make this machine call an address. A thumbnail would show
the body photo to whoever gets the file."""

# Fixed, so that a clock that runs wrong on the day of installation harms nothing, and that day is not told.
_BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
_END: Final = datetime(2060, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Signer:
    """Signs pictures. It is bytes alone, so it may be used from any thread and handed to other processes."""

    key: bytes = field(repr=False)
    """The private key (PKCS #8, PEM)."""
    chain: bytes = field(repr=False)
    """Its certificate, then the root's (PEM)."""

    @property
    def root(self) -> bytes:
        """The root's certificate (PEM): for :func:`vtonlab.imaging.manifest.read_manifest`, and for others."""
        return b"-----BEGIN" + self.chain.rpartition(b"-----BEGIN")[2]

    def sign(
        self, data: bytes, *, source_type: SourceType, engine: str, made_at: datetime, engine_version: str = ""
    ) -> bytes:
        """The picture file ``data`` (PNG, JPEG or WebP) with a manifest that says ``source_type``, ``engine`` and
        ``made_at``. Pixels, and what else is in the file, stay as they are; a manifest in it is replaced.

        Takes about 4 ms, and 60 ms for a PNG of 25 MB. Raises ``ImageUnreadable``.
        """
        import c2pa  # type: ignore[import-untyped]

        kind = recognise(data[:64])
        if kind not in SIGNED:
            raise ImageUnreadable(name="(bytes)", reason="format")
        manifest = _describe(source_type, engine, engine_version, made_at)
        signed = io.BytesIO()
        try:
            info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, self.chain, self.key, None)
            # Made for each picture, which costs a millisecond: nothing is shared between threads or forked.
            with (
                c2pa.Context.from_dict(READING, signer=c2pa.Signer.from_info(info)) as context,
                c2pa.Builder(manifest, context) as builder,
            ):
                builder.sign(kind.media_type, io.BytesIO(data), signed)
        except c2pa.C2paError as error:
            raise ImageUnreadable(name="(bytes)", reason="structure") from error
        return signed.getvalue()


def open_signer(folder: Path) -> Signer:
    """The signer of the installation that keeps its key in ``folder``; both are made where they are missing.

    Of two processes that start at the same time both get the same one, and a crash half way leaves none or a whole one.
    Raises ``FileProblem`` where it cannot be read or made.
    """
    path = folder / KEY_FILE
    try:
        signer = _read(path) or _make(path)
        _publish(folder / ROOT_FILE, signer.root)
    except OSError as error:
        reason = Text("it cannot be read or written", "无法读取或写入")
        raise FileProblem(name=KEY_FILE, reason=reason) from error
    return signer


def _describe(source_type: SourceType, engine: str, engine_version: str, made_at: datetime) -> dict[str, Any]:
    agent = {"name": engine} | ({"version": engine_version} if engine_version else {})
    action = {
        # The photo and the garment are no ingredients: that would put them, or their hashes, into the file.
        "action": "c2pa.created",
        "when": made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "softwareAgent": agent,
        "digitalSourceType": source_type.uri,
    }
    return {
        "claim_generator_info": [{"name": PROGRAM, "version": version("vtonlab")}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }


def _read(path: Path) -> Signer | None:
    try:
        kept = path.read_bytes()
    except FileNotFoundError:
        return None
    parts = [b"-----BEGIN" + part for part in kept.split(b"-----BEGIN")[1:]]
    if len(parts) != 3 or b"PRIVATE KEY" not in parts[0]:
        # Never replaced by itself: pictures signed until now would count as those of another installation.
        reason = Text("it holds no key; remove it to make a new one", "其中没有密钥；删除后会重新生成")
        raise FileProblem(name=KEY_FILE, reason=reason)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    return Signer(parts[0], parts[1] + parts[2])


def _make(path: Path) -> Signer:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = _make_keys()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(made.key + made.chain)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where the file exists, so of two that start at once both use the same key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    kept = _read(path)
    assert kept is not None
    return kept


def _publish(path: Path, root: bytes) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == root:
            return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        draft.write_bytes(root)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_keys() -> Signer:
    """A root and a leaf on the curve P-256. Whoever reads the certificates learns a random number, and no name."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509 import (
        AuthorityKeyIdentifier,
        BasicConstraints,
        ExtendedKeyUsage,
        ObjectIdentifier,
        SubjectKeyIdentifier,
    )

    installation = secrets.token_hex(8)
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name(f"{PROGRAM} root {installation}")
    root_id = SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = _begin(issuer, issuer).public_key(root_key.public_key())
    root = root.add_extension(BasicConstraints(ca=True, path_length=0), critical=True)
    root = _allow(root, signs_certificates=True).add_extension(root_id, critical=False)
    leaf = _begin(_name(f"{PROGRAM} installation {installation}"), issuer).public_key(leaf_key.public_key())
    leaf = leaf.add_extension(BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = _allow(leaf, signs_certificates=False)
    leaf = leaf.add_extension(ExtendedKeyUsage([ObjectIdentifier(EMAIL_PROTECTION)]), critical=False)
    leaf = leaf.add_extension(SubjectKeyIdentifier.from_public_key(leaf_key.public_key()), critical=False)
    leaf = leaf.add_extension(AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False)
    certificates: list[Certificate] = [half.sign(root_key, hashes.SHA256()) for half in (leaf, root)]
    key = leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Signer(key, b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates))


def _name(common_name: str) -> Name:
    from cryptography.x509 import Name, NameAttribute
    from cryptography.x509.oid import NameOID

    return Name(
        [
            NameAttribute(NameOID.ORGANIZATION_NAME, PROGRAM),
            NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _begin(subject: Name, issuer: Name) -> CertificateBuilder:
    from cryptography.x509 import CertificateBuilder, random_serial_number

    begun = CertificateBuilder().subject_name(subject).issuer_name(issuer).serial_number(random_serial_number())
    # C2PA signatures without a time stamp are looked at by the clock of the day; a service for stamps would be told of
    # every picture.
    return begun.not_valid_before(_BEGIN).not_valid_after(_END)


def _allow(certificate: CertificateBuilder, *, signs_certificates: bool) -> CertificateBuilder:
    from cryptography.x509 import KeyUsage

    usage = KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
    return certificate.add_extension(usage, critical=True)

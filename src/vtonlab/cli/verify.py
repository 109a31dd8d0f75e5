"""``vtonlab verify``: how pictures were made, by whom, and whether they were changed since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from vtonlab.cli.data_folder import Data, load_settings
from vtonlab.cli.entry import FAILED, WRONG_INPUT, say_wrong
from vtonlab.cli.language import here, language, say
from vtonlab.errors import FileProblem, Text, VtonError

if TYPE_CHECKING:
    from vtonlab.imaging.manifest import Manifest

UNSIGNED: Final = "unsigned"
VERDICTS: Final = {
    "valid": Text("signed by this installation, unchanged since", "由本安装签名，此后未被修改"),
    "foreign": Text(
        "unchanged since it was signed by “{signer}”, who is not known here",
        "自“{signer}”签名后未被修改，但本机不认识该签名者",
    ),
    "altered": Text("ALTERED after it was signed by “{signer}”", "在“{signer}”签名之后被修改过"),
    "broken": Text("carries a manifest that cannot be made out", "带有无法解读的来源清单"),
    UNSIGNED: Text("not signed", "未签名"),
}
TRUSTED: Final = Text("signed by “{signer}”, whom you trust, unchanged since", "由您信任的“{signer}”签名，此后未被修改")
MADE: Final = {
    "composite": Text("put together from photos", "由照片合成"),
    "compositeCapture": Text("put together from photos", "由照片合成"),
    "compositeWithTrainedAlgorithmicMedia": Text("a photo edited by a generative model", "由生成式模型编辑的照片"),
    "trainedAlgorithmicMedia": Text("made by a generative model", "由生成式模型生成"),
}
"""What IPTC's digital source types mean."""


@dataclass(frozen=True)
class Found:
    """What a file says about itself. ``own``: who signed it is this very installation."""

    file: Path
    state: str
    manifest: Manifest | None
    source_type: str
    own: bool = False


def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=here("Pictures.", "图片文件。"))],
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust",
            metavar="FILE",
            help=here(
                "Root certificate (signing/root.pem) of another installation; may be repeated.",
                "另一安装的根证书（signing/root.pem），可重复使用。",
            ),
        ),
    ] = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help=here("As JSON.", "以 JSON 输出。"))] = False,
) -> None:
    """Say how pictures were made, by whom, and whether they were changed since. Exit code 0 where all are signed by
    this installation and unchanged, 1 where not, 2 where one cannot be read.
    """
    own, others = _read_root(load_settings(data).signing_folder), [_read_anchor(file) for file in trust or []]
    code = 0
    answers: list[dict[str, object]] = []
    for file in files:
        try:
            found = _look_at(file, own, others)
        except VtonError as error:
            code = WRONG_INPUT
            sentence, hint = error.say(language()), error.advise(language())
            told = {"code": error.code, "sentence": sentence, "hint": hint}
            answers.append({"file": str(file), "state": "error", "error": told})
            if not as_json:
                say_wrong(sentence, hint)
            continue
        if found.state != "valid":
            code = max(code, FAILED)
        answers.append(_describe(found))
        if not as_json:
            print(f"{file}: {_tell(found)}", flush=True)
    if as_json:
        print(json.dumps(answers, ensure_ascii=False, indent=2))
    if code:
        raise typer.Exit(code)


def _read_root(folder: Path) -> bytes:
    """The installation's root; nothing where nothing was signed here yet."""
    from vtonlab.imaging.signing import ROOT_FILE

    path = folder / ROOT_FILE
    return _read_anchor(path) if path.exists() else b""


def _read_anchor(path: Path) -> bytes:
    from vtonlab.imaging.read import Limits, read_bytes

    held = read_bytes(path, limits=Limits(size=65_536))
    if b"-----BEGIN CERTIFICATE-----" not in held or b"PRIVATE KEY" in held:
        raise FileProblem(name=path.name, reason=Text("this is no root certificate", "这不是根证书"))
    return held


def _look_at(file: Path, own: bytes, others: list[bytes]) -> Found:
    from vtonlab.imaging.manifest import State, read_manifest
    from vtonlab.imaging.provenance import read_source_type
    from vtonlab.imaging.read import read_bytes

    held = read_bytes(file)
    manifest = read_manifest(held, anchors=own, name=file.name)
    is_own = manifest is not None and manifest.state is State.VALID
    if manifest is not None and manifest.state is State.FOREIGN and others:
        manifest = read_manifest(held, anchors=b"\n".join(others), name=file.name)
    told = read_source_type(held) or ""
    if manifest is None:
        return Found(file, UNSIGNED, None, told)
    return Found(file, manifest.state.value, manifest, manifest.source_type or told, is_own)


def _tell(found: Found) -> str:
    manifest = found.manifest
    verdict = TRUSTED if found.state == "valid" and not found.own else VERDICTS[found.state]
    parts = [say(verdict.with_values(signer=manifest.signer if manifest else ""))]
    if manifest is not None and manifest.engine:
        parts.append(here(f"engine “{manifest.engine}”", f"引擎“{manifest.engine}”"))
    kind = found.source_type.rpartition("/")[2]
    if kind:
        meaning = MADE.get(kind)
        parts.append(say(meaning) if meaning else here(f"source type {kind}", f"来源类型 {kind}"))
    if manifest is not None and manifest.made_at is not None:
        parts.append(f"{manifest.made_at:%Y-%m-%d %H:%M} UTC")
    return here("; ", "；").join(parts)


def _describe(found: Found) -> dict[str, object]:
    manifest = found.manifest
    return {
        "file": str(found.file),
        "state": found.state,
        "own": found.own,
        "signer": manifest.signer if manifest else "",
        "program": manifest.program if manifest else "",
        "engine": manifest.engine if manifest else "",
        "source_type": found.source_type,
        "made_at": manifest.made_at.isoformat() if manifest and manifest.made_at else None,
    }

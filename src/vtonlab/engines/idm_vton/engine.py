"""The story of a fitting at an IDM-VTON service."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from vtonlab.engines.contract import (
    Capabilities,
    GarmentKind,
    Health,
    Note,
    Report,
    TryOnRequest,
    TryOnResult,
    silent,
)
from vtonlab.engines.idm_vton.address import NAME, URL_SETTING, Address, read_address
from vtonlab.engines.idm_vton.asking import UPPER_ONLY, Asking, Options, compose, prepare
from vtonlab.engines.idm_vton.finishing import Answer, finish
from vtonlab.engines.idm_vton.health import Doctor
from vtonlab.engines.idm_vton.interface import Interface
from vtonlab.engines.idm_vton.outputs import read
from vtonlab.engines.idm_vton.parcels import open_parcel
from vtonlab.engines.idm_vton.visit import QUEUED, WORKED, Visit
from vtonlab.errors import BadOption, EngineBusy, EngineFailed, EngineNotSetUp, Text, WrongKind

LICENCE: Final = "CC BY-NC-SA 4.0"
FULL_SECONDS: Final = (1.0, 3.0)
"""Before asking again a service whose queue was full: it took nothing on. Longer waits are the task's business."""
FINISHING: Final = 0.96
PRESETS: Final = {
    "fast": {"denoise_steps": 15},
    "balanced": {"denoise_steps": 25},
    "best": {"denoise_steps": 40},
}
"""The time it takes goes with the steps; beyond 40 hardly anything changes any more."""

TO_BE_SET = Text(
    "Photo and garment are sent to the service whose address is set; where that is on this machine, they stay on it.",
    "照片和衣物会发送到所设地址的服务；若该服务就在本机，图片不会离开本机。",
)
HERE = Text(
    "Pictures go to a program on this machine (IDM-VTON) and do not leave it.",
    "图片只会交给本机上运行的程序（IDM-VTON），不会离开本机。",
)
ELSEWHERE = Text(
    "Photo and garment are sent to {host}. What becomes of them there is up to whoever runs it; Gradio keeps what it "
    "is sent in a folder.",
    "照片和衣物会发送到 {host}。其后续处理取决于该服务的运营者；Gradio 会把收到的图片保存在文件夹中。",
)


class IdmVtonEngine:
    """Tries clothes on with an IDM-VTON service, or anything else with its Gradio interface."""

    name = NAME
    title = Text("IDM-VTON", "IDM-VTON")
    Options = Options

    def __init__(self) -> None:
        self._address: Address | None = None
        self._doctor = Doctor()
        self.capabilities = _describe(None)

    def equip(self, values: Mapping[str, object]) -> None:
        """Take ``url``, ``token`` (a bearer token, or ``name:password`` for Gradio's own sign-in) and ``seconds`` (for
        one picture, the service's queue included)."""
        self._address = read_address(values)
        self.capabilities = _describe(self._address)

    def health(self) -> Health:
        """Whether the service answers with an interface we know; within 3 seconds."""
        return self._doctor.examine(self._address)

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """Dress the person.

        Raises ``EngineNotSetUp``, ``BadOption``, ``MaskNeeded``, ``WrongKind`` (two garments at once), what
        :mod:`~vtonlab.engines.idm_vton.failures` makes of the service's failures, and what ``report`` and the errand
        raise.
        """
        address = self._address
        if address is None:
            raise EngineNotSetUp(engine=NAME, setting=URL_SETTING)
        options = _read_options(request.options)
        if request.lower is not None:
            raise WrongKind(asked="outfit", known=", ".join(kind.value for kind in self.capabilities.kinds))
        began = time.monotonic()
        report(0.0, "preparing")
        asking = prepare(request, options)
        with Visit(address, report) as visit:
            prepared = time.monotonic()
            interface = visit.connect()
            connected = time.monotonic()
            answer, notes = _ask(visit, interface, asking, options, request, address)
            visit.tell(FINISHING, "finishing")
            timings = {
                "preparing": prepared - began,
                "connecting": connected - prepared,
                "remote_queue": visit.queued,
                "remote_work": visit.worked,
            }
        told = time.monotonic()
        result = finish(request, asking, answer, composite=options.composite, timings=timings)
        timings = {**timings, "finishing": time.monotonic() - told}
        return replace(result, notes=(*_advise(request), *notes, *result.notes), timings=timings)


def _ask(
    visit: Visit, interface: Interface, asking: Asking, options: Options, request: TryOnRequest, address: Address
) -> tuple[Answer, tuple[Note, ...]]:
    """The service's pictures. Raises ``EngineFailed`` where it answered without one."""
    with open_parcel() as folder:
        arguments, notes = compose(asking, interface, options, folder)
        for pause in (*FULL_SECONDS, None):
            if request.errand is not None and not address.is_here:
                # Nothing is kept for another attempt: Gradio forgets a job whose line is cut, and asks no money for it.
                request.errand.leaving(address.host, *asking.pictures(interface))
            try:
                outputs = visit.ask(arguments)
                break
            except EngineBusy:
                if pause is None or visit.was_taken:
                    raise
                visit.rest(pause, QUEUED, "remote_full")
    picture = read(visit.fetch(outputs[0])) if outputs else None
    if picture is None:
        raise EngineFailed(engine=NAME)
    visit.tell(WORKED, "fetching")
    masked = read(visit.fetch(outputs[1])) if len(outputs) > 1 and outputs[1] is not None else None
    return Answer(picture, masked), notes


def _advise(request: TryOnRequest) -> tuple[Note, ...]:
    needs_mask = request.kind in {GarmentKind.LOWER, GarmentKind.DRESS} and request.mask is None
    return (UPPER_ONLY,) if needs_mask else ()


def _read_options(given: Mapping[str, object]) -> Options:
    try:
        return Options.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadOption(option=name or "options", reason=str(first["msg"])) from error


def _describe(address: Address | None) -> Capabilities:
    is_here = address is not None and address.is_here
    privacy = TO_BE_SET if address is None else HERE if is_here else ELSEWHERE.with_values(host=address.host)
    return Capabilities(
        mask=True,
        seed=True,
        steps=True,
        description=True,
        presets=PRESETS,
        remote_host=None if is_here or address is None else address.host,
        waits=True,
        privacy=privacy,
        code_licence=LICENCE,
        weights_licence=LICENCE,
        commercial_use=False,
    )

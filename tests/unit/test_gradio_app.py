"""The door, asked by clients written for IDM-VTON: the real command, the real gradio_client, plain HTTP."""

from __future__ import annotations

import base64
import http.client
import io
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from gradio_client.utils import QueueError, Status  # type: ignore[import-untyped]
from tests.doors import Door, open_door

from vtonlab.engines.contract import HealthStatus, Picture, TryOnRequest
from vtonlab.engines.registry import get
from vtonlab.imaging.manifest import State, read_manifest
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.provenance import SourceType, read_source_type
from vtonlab.imaging.read import read_picture
from vtonlab.imaging.write import encode_picture, write_picture

REAL = Path(__file__).parents[3] / "shared" / "data" / "pairs"
GREY = 127

pytestmark = [
    # gradio_client leaves the closing of its connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """The built-in engine."""
    with open_door() as opened:
        yield opened


@pytest.fixture(scope="module")
def slow() -> Iterator[Door]:
    """The sandbox, which takes its time; one at work, one waiting. The base64 form is at the address itself."""
    variables = {"VTONLAB_SANDBOX_ON": "1", "VTONLAB_WORKERS": "1"}
    options = ["--engine", "sandbox", "-O", "seconds=3", "--queue", "1", "--shape", "base64"]
    with open_door(*options, **variables) as opened:
        yield opened


@dataclass(frozen=True)
class Pictures:
    """A drawn person and a drawn shirt, as pixels and as PNG files."""

    person: Picture
    person_file: str
    garment_file: str

    def editor(self) -> dict[str, Any]:
        return {"background": handle_file(self.person_file), "layers": [], "composite": None}

    def urls(self) -> tuple[str, str]:
        return make_url(Path(self.person_file).read_bytes()), make_url(Path(self.garment_file).read_bytes())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    folder = tmp_path_factory.mktemp("pictures")
    write_picture(folder / "person.png", draw_person())
    write_picture(folder / "garment.png", draw_shirt())
    return Pictures(draw_person(), str(folder / "person.png"), str(folder / "garment.png"))


@pytest.fixture
def client(door: Door, tmp_path: Path) -> Client:
    return Client(door.address, verbose=False, download_files=tmp_path)


def make_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def read_url(url: str) -> Picture:
    head, _, body = url.partition(",")
    assert head == "data:image/png;base64"
    return read_picture(base64.b64decode(body))


def call(address: str, data: list[Any], language: str = "en", name: str = "tryon") -> tuple[str, Any]:
    """Gradio's own plain HTTP: event and data of the last message."""
    headers = {"Accept-Language": language}
    joined = httpx.post(f"{address}/gradio_api/call/{name}", json={"data": data}, headers=headers, timeout=60)
    joined.raise_for_status()
    told = httpx.get(f"{address}/gradio_api/call/{name}/{joined.json()['event_id']}", timeout=60).text
    events = [block.split("\n", 1) for block in told.strip().split("\n\n")]
    event, said = events[-1]
    return event.removeprefix("event: "), json.loads(said.removeprefix("data: "))


# --- IDM-VTON's own form ---------------------------------------------------------------------------------------------


def test_its_signature_is_the_published_one(client: Client) -> None:
    told = client.view_api(return_format="dict", print_info=False)
    endpoint = told["named_endpoints"]["/tryon"]
    names = [parameter["parameter_name"] for parameter in endpoint["parameters"]]
    assert names == [
        "dict", "garm_img", "garment_des", "is_checked", "is_checked_crop", "denoise_steps", "seed"
    ]  # fmt: skip
    kinds = [parameter["component"] for parameter in endpoint["parameters"]]
    assert kinds == ["Imageeditor", "Image", "Textbox", "Checkbox", "Checkbox", "Slider", "Number"]
    defaults = [parameter["parameter_default"] for parameter in endpoint["parameters"][3:]]
    assert defaults == [True, False, 30, 42]
    assert [answer["component"] for answer in endpoint["returns"]] == ["Image", "Image"]


def test_a_client_by_position_and_one_by_name_get_the_same_picture(client: Client, pictures: Pictures) -> None:
    shirt = handle_file(pictures.garment_file)
    first = client.predict(pictures.editor(), shirt, "a shirt", True, False, 30, 42, api_name="/tryon")
    second = client.predict(
        dict=pictures.editor(), garm_img=shirt, garment_des="a shirt", is_checked=True, is_checked_crop=False,
        denoise_steps=30, seed=42, api_name="/tryon",
    )  # fmt: skip
    result, masked = (read_picture(path) for path in first)
    assert np.array_equal(result, read_picture(second[0]))
    assert result.shape == masked.shape == pictures.person.shape
    changed = (result != pictures.person).any(axis=2)
    assert changed.any()
    # The second picture is the photo, with what was changed in grey.
    untouched = (masked == pictures.person).all(axis=2)
    assert not (changed & untouched).any()
    assert (masked[changed] == GREY).all(axis=1).mean() > 0.8
    assert read_source_type(Path(first[0]).read_bytes()) == SourceType.COMPOSITE.uri


def test_what_clients_leave_out_has_the_usual_values(client: Client, pictures: Pictures) -> None:
    made = client.predict(pictures.editor(), handle_file(pictures.garment_file), api_name="/tryon")
    assert read_picture(made[0]).shape == pictures.person.shape


def test_clients_of_gradio_4_find_their_way(door: Door, pictures: Pictures) -> None:
    """Word for word what gradio_client 0.14 (of IDM-VTON's own Gradio 4.24) sends: no prefix, no ``meta``."""
    files = {"files": ("person.png", Path(pictures.person_file).read_bytes())}
    person = httpx.post(f"{door.address}/upload", files=files).json()[0]
    files = {"files": ("garment.png", Path(pictures.garment_file).read_bytes())}
    garment = httpx.post(f"{door.address}/upload", files=files).json()[0]
    assert "/tryon" in httpx.get(f"{door.address}/info?serialize=False").json()["named_endpoints"]
    config = httpx.get(f"{door.address}/config").json()
    assert config["protocol"] == "sse_v3"
    assert '"additionalProperties": true' not in json.dumps(config)
    [number] = [fn["id"] for fn in config["dependencies"] if fn["api_name"] == "tryon"]
    data = [
        {"background": {"path": person}, "layers": [], "composite": None},
        {"path": garment},
        "",
        True,
        False,
        30,
        42,
    ]
    body = {"data": data, "fn_index": number, "session_hash": "older"}
    assert httpx.post(f"{door.address}/queue/join", json=body).is_success
    with httpx.stream("GET", f"{door.address}/queue/data?session_hash=older", timeout=60) as stream:
        told = [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data: ")]
    [done] = [message for message in told if message["msg"] == "process_completed"]
    assert done["success"]
    picture = httpx.get(f"{door.address}/file={done['output']['data'][0]['path']}")
    assert read_picture(picture.content).shape == pictures.person.shape


# --- the base64 form -------------------------------------------------------------------------------------------------


def test_the_base64_form_by_position_by_name_and_over_plain_http(door: Door, pictures: Pictures) -> None:
    client = Client(f"{door.address}/base64", verbose=False)
    person, garment = pictures.urls()
    first = client.predict(person, garment, "a shirt", True, False, 30, 42, api_name="/tryon")
    second = client.predict(
        human_image_base64=person, garment_image_base64=garment, garment_description="a shirt", auto_mask=True,
        auto_crop=False, denoise_steps=30, seed=42, api_name="/tryon",
    )  # fmt: skip
    plain = httpx.post(
        f"{door.address}/api/tryon", json={"data": [person, garment, "", True, False, 30, None]}, timeout=60
    )
    result, mask = read_url(first[0]), read_url(first[1])
    for other in (second[0], plain.json()["data"][0]):  # files differ in their signatures
        assert (read_url(other) == result).all()
    changed = (result != pictures.person).any(axis=2)
    assert changed.any()
    assert (mask[changed] > 0).all()
    file = base64.b64decode(first[0].partition(",")[2])
    assert read_source_type(file) == SourceType.COMPOSITE.uri
    manifest = read_manifest(file, anchors=(door.data / "signing" / "root.pem").read_bytes())
    assert manifest is not None
    assert manifest.state is State.VALID


def test_plain_http_takes_two_pictures_alone_and_base64_without_its_beginning(door: Door, pictures: Pictures) -> None:
    bare = [url.partition(",")[2] for url in pictures.urls()]
    answer = httpx.post(f"{door.address}/api/tryon", json={"data": bare}, timeout=60)
    assert read_url(answer.json()["data"][0]).shape == pictures.person.shape


def test_the_base64_form_can_be_the_one_at_the_address_itself(slow: Door, pictures: Pictures) -> None:
    for address in (slow.address, f"{slow.address}/base64"):
        client = Client(address, verbose=False)
        endpoint = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/tryon"]
        assert [parameter["parameter_name"] for parameter in endpoint["parameters"]] == [
            "human_image_base64", "garment_image_base64", "garment_description", "auto_mask", "auto_crop",
            "denoise_steps", "seed",
        ]  # fmt: skip
    made = client.predict(*pictures.urls(), "a shirt", True, False, 30, 42, api_name="/tryon")
    assert read_url(made[0]).shape == pictures.person.shape


# --- waiting, progress, stopping -------------------------------------------------------------------------------------


def wait_for(job: Any, code: Status) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = job.status()
        if status.code is code:
            return status
        time.sleep(0.02)
    raise AssertionError(f"{job.status()} never became {code}")


def submit(door: Door, pictures: Pictures) -> Any:
    client = Client(door.address, verbose=False)
    return client.submit(*pictures.urls(), "a shirt", True, False, 30, 42, api_name="/tryon")


def test_stages_reach_clients_a_full_queue_says_so_and_stopping_frees_the_place(slow: Door, pictures: Pictures) -> None:
    working = submit(slow, pictures)
    wait_for(working, Status.PROGRESS)
    told = wait_for(working, Status.PROGRESS)
    while not told.progress_data[0].desc.startswith("denoise"):
        told = wait_for(working, Status.PROGRESS)
    assert re.match(r"denoise step=\d+ steps=30 seconds=\d", told.progress_data[0].desc)
    assert 0 <= told.progress_data[0].progress < 1

    waiting = submit(slow, pictures)
    assert wait_for(waiting, Status.IN_QUEUE).queue_size == 1
    with pytest.raises(QueueError):
        submit(slow, pictures).result(timeout=60)

    assert working.cancel()
    assert read_url(waiting.result(timeout=60)[0]).shape == pictures.person.shape


def test_over_plain_http_a_full_house_is_told_in_the_callers_language(slow: Door, pictures: Pictures) -> None:
    def ask(_: int) -> httpx.Response:
        headers = {"Accept-Language": "zh"}
        return httpx.post(f"{slow.address}/api/tryon", json={"data": pictures.urls()}, headers=headers, timeout=60)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert {answer.status_code for answer in answers} == {200, 503}
    refused = next(answer.json() for answer in answers if answer.status_code == 503)
    assert refused["code"] == "engine_busy"
    assert refused["error"] == "引擎“sandbox”正忙。"


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_errors_are_our_sentences_in_the_clients_language(door: Door, pictures: Pictures, tmp_path: Path) -> None:
    shirt = handle_file(pictures.garment_file)
    not_a_person = {"background": shirt, "layers": [], "composite": None}
    with pytest.raises(AppError, match=r"^No person was found in the photo\. Use a photo of one person"):
        Client(door.address, verbose=False).predict(not_a_person, shirt, api_name="/tryon")
    chinese = Client(door.address, verbose=False, headers={"Accept-Language": "zh-CN"})
    with pytest.raises(AppError, match=r"^照片中没有找到人物"):
        chinese.predict(not_a_person, shirt, api_name="/tryon")
    (tmp_path / "note.png").write_text("no picture")
    with pytest.raises(AppError, match=r"^The photo of the garment is not a picture we can read\."):
        Client(door.address, verbose=False).predict(
            pictures.editor(), handle_file(tmp_path / "note.png"), api_name="/tryon"
        )


@pytest.mark.parametrize(
    "data",
    [
        [],
        [1, 2, 3],
        [None, None, None, None, None, None, None],
        [{"background": None}, None, "", True, False, 30, 42],
        [{"background": {"path": 7}}, {"path": ["x"]}, {}, True, False, [], {}],
        [{"background": {"path": "../../../../etc/passwd"}}, None, "", True, False, 30, 42],
        [{"id": "nothing"}, {"url": "data:image/png;base64,!!"}, "", True, False, 30, 42],
        [{"background": "data:,x"}, "x", "", "yes", None, "many", "first"],
    ],
)
def test_nonsense_is_refused_without_a_trace(door: Door, data: list[Any]) -> None:
    event, said = call(door.address, data)
    assert event == "error"
    assert re.fullmatch(r"[A-Z(][^/\\]*", said["error"].replace("/openapi.json", "")), said
    answer = httpx.post(f"{door.address}/api/tryon", json={"data": data}, timeout=60)
    assert 400 <= answer.status_code < 500
    assert set(answer.json()) == {"error", "code", "hint", "detail"}


def test_options_out_of_range_are_named(door: Door, pictures: Pictures) -> None:
    for steps in (0, 51, 2.5, "many"):
        answer = httpx.post(f"{door.address}/api/tryon", json={"data": [*pictures.urls(), "", True, False, steps, 42]})
        assert answer.status_code == 422
        assert "“denoise_steps”" in answer.json()["error"]


# --- what a door must not do -----------------------------------------------------------------------------------------


def test_no_file_of_the_machine_is_read(door: Door, pictures: Pictures) -> None:
    secret = door.data / "secret.png"
    write_picture(secret, pictures.person[::-1])
    for asked in ({"path": str(secret)}, [str(secret)], str(secret)):
        answer = httpx.post(f"{door.address}/api/tryon", json={"data": [asked, pictures.urls()[1]]}, timeout=60)
        assert (answer.status_code, answer.json()["code"]) in {(422, "bad_request"), (415, "image_unreadable")}
    for path in ("/etc/passwd", "/proc/self/environ", str(secret), str(Path(__file__).resolve())):
        for app in ("", "/base64"):
            for route in ("gradio_api/file=", "file=", "gradio_api/file/"):
                assert httpx.get(f"{door.address}{app}/{route}{path}").status_code in {403, 404}
        # Named as an uploaded file, in every place where one can be: Gradio would copy it where it hands out files.
        named = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "a.png"}
        good = {"url": pictures.urls()[0]}
        for data in (
            [{"background": named}, good, "", True, False, 30, 42],
            [{"background": good, "layers": [named]}, good, "", False, False, 30, 42],
            [{"background": good}, named, "", True, False, 30, 42],
            [{"background": good}, good, named, True, False, 30, 42],
            [{"background": good}, good, [{"deep": named}], True, False, 30, 42],
        ):
            event, said = call(door.address, data)
            assert event == "error", data
            assert path not in said["error"]
    kept = {path.read_bytes() for path in door.folder.rglob("*") if path.is_file()}
    assert secret.read_bytes() not in kept
    assert Path("/etc/passwd").read_bytes() not in kept


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/config", "http://localhost:{port}/x.png", "http://169.254.169.254/latest", "file:///etc/passwd",
     "http://[::1]:{port}/x.png", "http://10.0.0.1/x.png"],
)  # fmt: skip
def test_pictures_are_not_fetched_from_private_addresses(door: Door, pictures: Pictures, url: str) -> None:
    url = url.format(port=door.address.rpartition(":")[2])
    named = {"path": url, "meta": {"_type": "gradio.FileData"}}
    event, said = call(door.address, [{"background": {"url": pictures.urls()[0]}}, named, "", True, False, 30, 42])
    assert event == "error"
    assert said["error"].startswith("Pictures are not fetched from this address")
    assert httpx.get(f"{door.address}/gradio_api/file={url}").status_code == 404


def test_what_gradio_offers_besides_is_closed(door: Door) -> None:
    for path in ("proxy=http://example.com/", "runs", "deep_link", "mcp/sse", "run-history/buckets"):
        assert httpx.get(f"{door.address}/gradio_api/{path}").status_code == 404
    assert httpx.get(f"{door.address}/monitoring").status_code == 404
    page = httpx.get(door.address)
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    config = httpx.get(f"{door.address}/config").json()
    assert not config["analytics_enabled"]
    assert not config["show_error"]


def test_other_sites_and_rebound_names_are_refused(door: Door, pictures: Pictures) -> None:
    assert httpx.get(door.address, headers={"Host": "evil.example"}).status_code == 403
    body = {"data": list(pictures.urls())}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert httpx.post(f"{door.address}/api/tryon", json=body, headers=headers).status_code == 403
    own = {"Origin": door.address, "Sec-Fetch-Site": "same-origin"}
    assert httpx.post(f"{door.address}/api/tryon", json=body, headers=own, timeout=60).is_success


def test_too_much_at_once_is_refused(slow: Door) -> None:
    files = {"files": ("a.png", b"x" * (26 * 2**20))}
    assert httpx.post(f"{slow.address}/gradio_api/upload", files=files, timeout=60).status_code == 413
    for announced in ({"Content-Length": str(2**30)}, {"Transfer-Encoding": "chunked"}):
        connection = http.client.HTTPConnection(slow.address.removeprefix("http://"), timeout=60)
        with closing(connection):
            connection.putrequest("POST", "/api/tryon")
            for name, value in announced.items():
                connection.putheader(name, value)
            connection.endheaders()
            if "Transfer-Encoding" in announced:
                with suppress(OSError):  # it hangs up as soon as it has seen enough
                    for _ in range(130):
                        connection.send(b"%x\r\n" % 2**20 + b"x" * 2**20 + b"\r\n")
            answer = connection.getresponse()
            assert answer.status == 413
            assert json.loads(answer.read())["code"] == "body_too_large"


def test_a_drawings_layers_cannot_grow_without_end(slow: Door) -> None:
    config = httpx.get(f"{slow.address}/config").json()
    [editor] = [part["id"] for part in config["components"] if part["type"] == "imageeditor"]
    form = {"component_id": str(editor), "session_hash": "a", "fn_name": "accept_blobs", "type": "layer", "id": "x"}
    answer = httpx.post(
        f"{slow.address}/gradio_api/component_server", data=form | {"index": "99999999999"}, files={"file": ("a", b"x")}
    )
    assert not answer.is_success


# --- through our own engine for such services ------------------------------------------------------------------------


def test_our_own_client_of_idm_vton_gets_the_picture_back_with_the_face_untouched(door: Door) -> None:
    """web → Gradio → engine, on one machine: a real photo goes through, and what was not dressed is bit-exact."""
    person = next(iter(sorted(REAL.glob("*_input.png"))), None)
    if person is None:
        pytest.skip("needs the real photos of ../shared/data")
    photo = read_picture(person)
    garment = read_picture(next(REAL.glob(person.name.replace("_input.png", "_garment.*"))))
    engine = get("idm_vton")
    engine.equip({"url": door.address, "seconds": 120.0})  # type: ignore[attr-defined]
    try:
        assert engine.health().status in {HealthStatus.OK, HealthStatus.DEGRADED}
        stages: list[str] = []
        made = engine.try_on(TryOnRequest(photo, garment), lambda _, stage: stages.append(stage))
    finally:
        engine.equip({})  # type: ignore[attr-defined]
    assert made.image.shape == photo.shape
    outside = made.mask == 0
    assert np.array_equal(made.image[outside], photo[outside])
    assert (made.image != photo).any(axis=2).mean() > 0.02
    assert outside[: photo.shape[0] // 10].all()
    assert stages


def test_what_is_asked_alike_is_what_the_engine_itself_makes(client: Client, pictures: Pictures) -> None:
    made = client.predict(pictures.editor(), handle_file(pictures.garment_file), api_name="/tryon")
    direct = get("instant").try_on(TryOnRequest(draw_person(), draw_shirt()))
    through = read_picture(made[0])
    assert np.array_equal(through, read_picture(io.BytesIO(encode_picture(direct.image, ".png"))))

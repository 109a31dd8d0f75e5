"""A batch's pictures are read one at a time."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from tests.fakes import gemini
from tests.fakes.gemini import KEY, FakeGemini
from tests.peak import READ_PEAK

COUNT = 100
PROGRAM = (
    READ_PEAK
    + f'''
import sys
from vtonlab.engines.gemini import GeminiEngine, batches
from vtonlab.engines.generating import BatchRequest, GenerateRequest
batches.MOST_INLINE = int(sys.argv[2])
engine = GeminiEngine()
engine.equip({{"api_key": "{KEY}", "url": sys.argv[1]}})
batch = BatchRequest("ours", tuple(GenerateRequest(f"prompt {{i}}") for i in range({COUNT})))
remote_id = engine.submit_batch(batch)
before = peak_mb()
engine.poll_batch(remote_id)
drawn = sum(answer.result is not None for answer in engine.fetch_batch(remote_id, batch))
print(drawn, peak_mb() - before)
'''
)


@pytest.mark.deep
@pytest.mark.parametrize("most_inline", [20_000_000, 100])
def test_a_hundred_pictures_are_never_in_memory_together(most_inline: int, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (640, 640, 3), np.uint8)
    monkeypatch.setattr(gemini, "draw", lambda body, size: noise)
    with FakeGemini() as fake:
        fake.batch.polls = 0
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, fake.address, str(most_inline)], capture_output=True, text=True, check=True
        )
        sent = sum(len(data) for made in fake.batches.all.values() for data in made.pictures.values())
    drawn, grown = map(int, done.stdout.split())
    assert drawn == COUNT
    assert sent > 100_000_000
    assert grown < 30, "megabytes"

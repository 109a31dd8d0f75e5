from __future__ import annotations

import json


def test_the_doctor_looks_at_everything(vtonlab):
    done = vtonlab("doctor", "--json", timeout=120)
    assert "Traceback" not in done.stderr
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert found["Python"]["state"] == "ok"
    assert found["Picture formats"]["state"] == "ok", found["Picture formats"]
    assert found["Engine paint"]["state"] == "ok"
    assert found["Engine paint, tried"]["seen"].startswith("a drawn person was dressed")
    assert found["Engine instant"]["state"] == "ok"
    assert found["Engine idm_vton"]["state"] == "not_set_up"  # which is no problem, and nothing is tried
    assert "Engine idm_vton, tried" not in found
    for finding in found.values():
        assert finding["state"] == "ok" or finding["hint"], finding
    assert done.returncode == any(finding["state"] == "problem" for finding in found.values())


def test_in_chinese(vtonlab):
    assert "图片格式" in vtonlab("--lang", "zh", "doctor", timeout=120).stdout

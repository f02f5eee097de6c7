"""scope.services(): who calls whom, and which service broke, by service or by pod."""

from __future__ import annotations

import numpy as np
import pytest

import llmscope
from llmscope.errors import UnknownAttributeError

HOSTILE = "<b>api</b>"


@pytest.fixture(scope="module")
def store():
    scope = llmscope.open()
    rng = np.random.default_rng(1)
    rows, metrics = [], ["# TYPE cpu gauge"]
    for at in range(80):
        day, trace = 16 + at // 40, f"t{at}"
        own = rng.lognormal(4, 0.2) * (3 if day == 17 else 1)
        begin = f"2026-11-{day}T10:{at % 40:02}:00"
        for span, up, service, start, took in [
            ("1", None, "web", 0, own + 60),
            ("2", "1", "web", 10, own + 40),
            ("3", "2", HOSTILE, 20, own),
        ]:
            rows.append({
                "trace_id": trace, "span_id": f"{trace}-{span}", "parent_id": up and f"{trace}-{up}", "name": f"call {span}",
                "service": service, "start_time": f"{begin}.{start:03}Z", "latency_ms": took, "pod": f"{service}-0",
            })  # fmt: skip
    for minute in range(40):
        for day in (16, 17):
            seconds = int(np.datetime64(f"2026-11-{day}T10:{minute:02}:00").astype("datetime64[s]").astype(int))
            metrics.append(f'cpu{{service="web"}} {2 if day == 16 else 90} {seconds}')
    scope.load(rows)
    scope.load(("\n".join([*metrics, "# EOF"]) + "\n").encode(), format="prometheus")
    return scope


def test_the_frame_tells_each_edge_with_the_time_between(store):
    frame = store.services().frame
    assert frame[["caller", "callee", "calls"]].to_numpy(object).tolist() == [["web", HOSTILE, 80], [None, "web", 80]]
    assert frame["between_p50_ms"][0] == pytest.approx(40)
    assert np.isnan(frame["between_p50_ms"][1])


def test_the_callee_is_told_and_not_its_caller(store):
    found = store.between("2026-11-17").services().explain(store.between(until="2026-11-17"))
    by_service = found.frame.set_index("service")
    assert by_service.loc[HOSTILE, "change"] == "slower"
    assert by_service.loc["web", "change"] == "uses more"
    assert by_service.loc["web", "resource"] == "cpu"
    assert "times as long" in found.text()
    assert "cpu 2 to 90" in found.text()


def test_pods_are_ranked_like_services(store):
    found = store.between("2026-11-17").services(by="pod").explain(store.between(until="2026-11-17"))
    assert found.found["service"].tolist() == [f"{HOSTILE}-0"]


def test_nothing_is_told_of_the_same_days(store):
    day = store.between(until="2026-11-17")
    even = day.where("minute(start_time) % 2 = 0")
    odd = day.where("minute(start_time) % 2 = 1")
    assert even.services().explain(odd).found.empty
    assert "none became worse" in even.services().explain(odd).text()


def test_text_of_the_logs_stays_text_and_every_face_is_there(store):
    found = store.services()
    for answer in (found, store.between("2026-11-17").services().explain(store.between(until="2026-11-17"))):
        assert HOSTILE not in answer.html()
        assert answer.png()[:4] == b"\x89PNG"
        assert answer.text() == repr(answer)
        assert len(answer.data()) == len(answer.frame)


def test_an_empty_store_and_spans_without_a_service_say_so():
    scope = llmscope.open()
    assert "no span tells its service" in scope.services().text()
    assert "nothing can be compared" in scope.services().explain(scope).text()
    scope.load([{"trace_id": "a", "model": "gpt-4o", "prompt": "Hi", "response": "Hello"}])
    assert "no span tells its service" in scope.services().text()
    assert scope.services().png()[:4] == b"\x89PNG"


def test_an_unknown_attribute_is_an_error(store):
    with pytest.raises(UnknownAttributeError):
        store.services(by="pood")

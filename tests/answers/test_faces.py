from __future__ import annotations

import base64
import struct
import sys
import types
import zlib

import pandas as pd
import pytest

from llmscope.answers._png import repacked
from llmscope.answers._table import readable
from llmscope.answers.costs import costs
from llmscope.answers.latency import latency
from llmscope.answers.resources import resources
from llmscope.answers.tokens import tokens
from llmscope.answers.traffic import traffic

HOSTILE = "<script>alert(1)</script>"
QUESTIONS = {"traffic": traffic, "latency": latency, "resources": resources}


@pytest.fixture(params=QUESTIONS)
def question(request):
    return QUESTIONS[request.param]


def test_an_answer_shows_as_html_picture_and_words_without_a_kernel(assistant, question):
    answer = question(assistant)
    bundle, metadata = answer._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    png = base64.b64decode(bundle["image/png"])
    width, height = struct.unpack(">II", png[16:24])
    assert metadata["image/png"] == {"width": round(width / 2), "height": round(height / 2)}
    assert bundle["text/plain"] == repr(answer) == answer.text()


def test_in_a_kernel_the_widget_comes_first(assistant, question, monkeypatch):
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    bundle, _ = question(assistant)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert {"text/html", "image/png", "text/plain"} <= set(bundle)


@pytest.mark.parametrize("ask", [traffic, latency, tokens, costs])
def test_hostile_text_in_the_html_is_inert(assistant, ask):
    answer = ask(assistant, by="model")
    assert (HOSTILE in answer.text()) == (ask is not tokens)  # its words name sources alone
    shown = answer.html()
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown


def test_every_answer_says_what_is_counted(assistant):
    narrowed = assistant.where(model="gpt-4o")
    for answer in (traffic(narrowed), latency(narrowed), latency(narrowed.of("chat"))):
        assert "model = gpt-4o" in answer.text()
        assert "model = gpt-4o" in answer.chart().to_dict()["title"]["text"]
    assert "150 chat spans" in latency(narrowed.of("chat")).text()


def test_a_table_for_people_has_units_and_an_em_dash_for_unknown():
    frame = pd.DataFrame(
        {
            "time": [pd.Timestamp("2026-11-16 14:00")],
            "model": [None],
            "requests": [11904],
            "error_rate": [0.018],
            "latency_p95_ms": [4210.0],
            "cost_usd": [float("nan")],
            "tokens_per_s": [1234.5],
        }
    )
    assert readable(frame).iloc[0].tolist() == ["2026-11-16 14:00", "—", "11,904", "1.8 %", "4.2 s", "—", "1.2k"]


def test_a_repacked_png_has_the_same_pixels_and_sound_checksums():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = bytes([0, *range(40)]) * 10
    packed = zlib.compress(pixels, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 6, 0, 0, 0))
    png += chunk(b"IDAT", packed[:50]) + chunk(b"IDAT", packed[50:]) + chunk(b"IEND", b"")
    small = repacked(png)
    assert len(small) < len(png)
    assert zlib.decompress(small[small.index(b"IDAT") + 4 : small.index(b"IEND") - 8]) == pixels
    assert small.endswith(chunk(b"IEND", b""))


@pytest.mark.parametrize(
    "rows",
    [[], [{}], [{"ms": None}], [{"time": None}], [{"input_tokens": 0, "cost_usd": 0.0}], [{"operation": "other"}]],
    ids=["none", "one", "no time taken", "no start", "nothing used", "no call"],
)
def test_the_smallest_selections_have_four_faces(counted, rows):
    selection = counted(rows)
    told = [
        answer._repr_mimebundle_()[0]
        for answer in (traffic(selection), traffic(selection, by="model"), latency(selection),
                       latency(selection, by="model"), resources(selection), tokens(selection), costs(selection))
    ]  # fmt: skip
    for bundle in told:
        assert {"text/html", "image/png"} <= set(bundle)
        assert bundle["text/plain"].strip()
        assert "nan" not in bundle["text/html"].lower().replace("tenant", "")
    assert told[-2]["text/plain"].startswith("Tokens of requests: ")
    assert told[-1]["text/plain"].startswith("Cost of requests: ")

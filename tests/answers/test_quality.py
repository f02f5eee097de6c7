import pytest

import llmscope as ls
from llmscope.errors import QueryError

REFUSED = "I'm sorry, but I can't assist with that."
FINE = "Your parcel left the depot on Monday, and it will be with you by Thursday."


def store(*calls):
    scope = ls.open()
    scope.load(
        [{"trace_id": f"t{at}", "name": "chat", "prompt": "Where is it?", **call} for at, call in enumerate(calls)]
    )
    return scope


def test_a_check_that_fails_is_told_with_its_share_and_the_rows():
    scope = store(*[{"response": REFUSED}] * 3, *[{"response": FINE}] * 7)
    found = scope.quality()
    row = found.findings.iloc[0]
    assert (row["check"], row["failed"], row["checked"], row["rate"]) == ("refusal", 3, 10, 0.3)
    assert row["low"] < 0.3 < row["high"]
    assert set(row["exemplars"]) == {"t0", "t1", "t2"}
    assert "refusal: output declines what it was asked, 30 %" in found.text()
    assert found.scope("refusal").sql("select trace_id from counted order by 1").fetchall() == [
        ("t0",),
        ("t1",),
        ("t2",),
    ]


def test_where_nothing_is_wrong_nothing_is_said_to_be():
    found = store(*[{"response": FINE, "prompt": f"Where is order {at}?"} for at in range(60)]).quality()
    assert found.findings.empty
    assert "nothing is wrong" in found.text()
    assert "No check fails" in str(found.chart().to_dict())


def test_what_is_not_recorded_is_unknown_not_right():
    frame = store({"response": None, "prompt": None, "model": "m"}).quality().frame
    assert (frame["checked"] == 0).all()
    assert frame["rate"].isna().all()


def test_an_unknown_check_is_an_error_that_suggests_near_ones():
    scope = store({"response": FINE})
    for ask in (lambda: scope.quality().scope("refusals"), lambda: scope.check("quality.refusals < 1")):
        with pytest.raises(QueryError, match="refusal"):
            ask()


def test_what_is_loaded_later_is_judged_and_what_changes_is_judged_again():
    scope = store({"response": FINE})
    assert scope.check("quality.refusal < 0.1").passed
    scope.load([{"trace_id": "later", "name": "chat", "prompt": "And now?", "response": REFUSED}])
    assert scope.check("quality.refusal < 0.1").frame["value"].tolist() == [0.5]
    scope.load([{"trace_id": "t0", "span_id": "more", "prompt": "Then?", "response": REFUSED, "name": "chat"}])
    judged = scope._selection.run(scope._selection.judged)
    assert sorted(judged["trace_id"]) == ["later"]  # t0 has another span now, so it is not known any more


def test_a_check_is_a_metric_of_slices_and_explanations():
    calls = [
        {
            "model": "ab"[at % 2],
            "plan": "xyz"[at % 3],
            "prompt": f"Order {at}?",
            "start_time": f"2026-11-{16 + at // 300}",
        }
        | {"response": REFUSED if at >= 300 and at % 2 else FINE}
        for at in range(600)
    ]
    scope = store(*calls)
    assert scope.slices("quality.refusal", by=["model"]).findings["slice"].tolist()[0] == {"model": "b"}
    now, before = scope.between("2026-11-17"), scope.between(until="2026-11-17")
    assert now.explain("quality.refusal", before).frame["cause"].tolist() == [{"model": "b"}]


def test_the_answer_is_empty_where_the_others_of_its_kind_have_one():
    scope = store(*[{"response": FINE}] * 9, {"response": ""})
    assert scope.quality().scope("empty").sql("select trace_id from counted").fetchall() == [("t9",)]
    assert store(*[{"response": ""}] * 3).quality().frame.set_index("check").loc["empty", "checked"] == 0


def test_answers_to_one_prompt_that_contradict_each_other_are_found():
    prompt = "Is 17077 prime? Answer [Yes] or [No]."
    calls = [{"prompt": prompt, "model": "m", "response": f"[{said}] for a reason."} for said in ("Yes", "Yes", "No")]
    scope = store(*calls, {"prompt": prompt, "model": "n", "response": "[No]"})
    assert scope.quality().scope("inconsistent").sql("select trace_id from counted").fetchall() == [("t2",)]


def test_json_that_was_asked_for_and_did_not_come_is_found():
    scope = store(
        {"prompt": "List them. Reply in JSON.", "response": '{"a": 1}'},
        {"prompt": "List them. Reply in JSON.", "response": "Sure, here they are"},
        {"prompt": "What is JSON?", "response": "A format."},
    )
    row = scope.quality().frame.set_index("check").loc["invalid_json"]
    assert (row["checked"], row["failed"], row["exemplars"]) == (2, 1, ["t1"])


def test_inputs_are_compared_with_the_others_of_their_kind():
    rows = [{"prompt": f"Where is order {at}?", "response": FINE} for at in range(60)]
    rows += [{"prompt": "word " * 5000, "response": FINE}]
    forms = [{"name": "form", "prompt": f'{{"id": {at}, "city": "Bonn"}}', "response": FINE} for at in range(60)]
    forms += [{"name": "form", "prompt": '{"id": "60"}'}, {"name": "form", "prompt": "id 61"}]
    again = [{"prompt": "Hello?", "user_id": "u", "start_time": f"2026-11-16T10:00:{at}Z"} for at in (10, 30)]
    found = store(*rows, *forms, *again).quality()
    failed = {name: found.scope(name).sql("select trace_id from counted").fetchall() for name in (
        "input_length", "input_schema", "input_format", "input_duplicate"
    )}  # fmt: skip
    assert failed == {"input_length": [("t60",)], "input_schema": [("t121",)], "input_format": [("t122",)],
                      "input_duplicate": [("t124",)]}  # fmt: skip


def test_a_hostile_trace_id_stays_text_in_every_face():
    scope = store({"trace_id": "<script>alert(1)</script>", "response": REFUSED})
    assert "<script>" not in scope.quality().html()


def test_operations_are_judged_as_they_are_counted():
    scope = store({"response": REFUSED}, {"response": FINE})
    assert scope.of("chat").quality().frame.attrs["rows"] == scope.quality().frame.attrs["rows"] == 2

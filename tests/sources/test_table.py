import csv
import datetime as dt
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import sources
from llmscope.errors import UnknownAttributeError
from llmscope.sources._columns import guess
from llmscope.sources._values import duration_ms, time_us

NOON = dt.datetime(2026, 11, 16, 12)


def sheet(*rows, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode()


@pytest.mark.parametrize(
    ("name", "column", "unit"),
    [
        ("latency_ms", "duration_ms", "ms"),
        ("end_to_end_latency_s", "duration_ms", "s"),
        ("Latency (seconds)", "duration_ms", "s"),
        ("elapsed", "duration_ms", None),
        ("duration_ns", "duration_ms", "ns"),
        ("ttft", "ttft_ms", None),
        ("time_to_first_token_ms", "ttft_ms", "ms"),
        ("number_input_tokens", "input_tokens", None),
        ("ContextTokens", "input_tokens", None),
        ("generation_tokens", "output_tokens", None),
        ("answer_token", "output_tokens", None),
        ("usage.completion_tokens", "output_tokens", None),
        ("usage.prompt_tokens_details.cached_tokens", "cache_read_tokens", None),
        ("cost", "cost_usd", None),
        ("total_cost_usd", "cost_usd", "usd"),
        ("TIMESTAMP", "start_time", None),
        ("launch_time", "start_time", None),
        ("finish_time", "end_time", None),
        ("createdAt", "start_time", None),
        ("error_code", "error_type", None),
        ("response.body.error.message", "error_message", None),
        ("GEN_TEXT", "output", None),
        ("chatgpt_response", "output", None),
        ("user_query", "input", None),
        ("metadata.user_id", "user_id", None),
        ("reward", "score.reward", None),
        ("relevance_score", "score.relevance_score", None),
    ],
)
def test_a_name_that_people_give_is_understood(name, column, unit):
    target = guess(name)
    assert (target.column, target.unit) == (column, unit)


@pytest.mark.parametrize(
    "name",
    ["max_tokens", "token_budget", "latency_per_token", "inter_token_latency_s", "temperature", "metadata.model", "ref_answer",
     "request_output_throughput_token_per_s", "metadata.locale", "id"],
)  # fmt: skip
def test_a_name_that_means_something_else_is_an_attribute(name):
    assert guess(name) is None


def test_a_csv_fills_columns_and_keeps_every_other_one_as_an_attribute(load):
    content = sheet(
        [
            "timestamp",
            "model",
            "latency_ms",
            "prompt_tokens",
            "cost",
            "question",
            "answer",
            "user_id",
            "plan",
            "temperature",
        ],
        ["2026-11-16T12:00:00Z", "gpt-4o", "1500", "21.0", "0.25", "Why?", "Because,\nof course", "u1", "pro", "0.1"],
    )
    span = load(content, "log.csv").span
    assert span["start_time"] == NOON
    assert span["end_time"] == NOON + dt.timedelta(seconds=1.5)
    assert span["duration_ms"] == 1500
    assert (span["input_tokens"], span["cost_usd"], span["user_id"]) == (21, 0.25, "u1")
    assert (span["input"], span["output"]) == ("Why?", "Because,\nof course")
    assert (span["operation"], span["name"], span["status"]) == ("chat", "chat gpt-4o", "unset")
    assert span["attributes"] == {"plan": "pro", "temperature": 0.1, "file.name": "log.csv"}


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(load, delimiter):
    content = sheet(["prompt", "response", "latency_ms"], ["a, b; c", "d|e", "7"], delimiter=delimiter)
    assert load(content).span["duration_ms"] == 7


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(load, encoding):
    loaded = load("prompt,latency_ms\ncafé,7\n".encode(encoding))
    assert loaded.span["input"] == "café"
    assert bool(loaded.notes) == (encoding == "cp1252")


def test_leftover_index_columns_are_left_out_and_that_is_said(load):
    loaded = load(b",Unnamed: 0,prompt,latency_ms\n0,5,Hi,7\n1,6,Ho,8\n")
    assert set(loaded.spans[0]["attributes"]) == {"file.name"}
    assert len(loaded.notes) == 2


def test_rows_that_do_not_fit_the_header_are_rejected_with_their_place(load):
    loaded = load(b'prompt,response,latency_ms\na,b,1\nc,d\ne,f,3,4\ng,h,4,\n\ni,"j,5\n')
    assert [span["input"] for span in loaded.spans] == ["a", "g"]
    assert [(reject["position"], reject["reason"]) for reject in loaded.rejects] == [
        ("row 2", "it has 2 fields where the header has 3"),
        ("row 3", "it has 4 fields where the header has 3"),
        ("row 5", "the file ends inside a quoted field"),
    ]
    assert loaded.rejects[0]["record"] == "c,d\n"


def test_a_value_that_cannot_be_what_its_column_says_rejects_the_row(load):
    loaded = load(b"model,latency_ms,prompt_tokens,timestamp\na,abc,1,\na,1,-1,\na,1,1,yesterday\na,1,1,2026-11-16\n")
    assert len(loaded.spans) == 1
    assert loaded.reasons == [
        "latency_ms: 'abc' is not a number",
        "prompt_tokens: '-1' is negative",
        "timestamp: 'yesterday' is not a time",
    ]


def test_a_row_that_ends_before_it_starts_is_rejected(load):
    assert load(b"model,start_time,end_time\na,20,10\n").reasons == ["it ends before it starts"]


def test_a_duration_without_a_unit_is_told_by_its_size_and_noted(load):
    seconds, millis = load(b"model,latency\na,1.5\na,2\n"), load(b"model,latency\na,1500\na,2000\n")
    assert seconds.spans[0]["duration_ms"] == millis.spans[0]["duration_ms"] == 1500
    assert "read in s" in seconds.notes[0]
    assert "read in ms" in millis.notes[0]


def test_a_duration_without_a_unit_is_told_by_start_and_end_where_both_are_there(load):
    loaded = load(b"model,latency,start_time,end_time\na,200,1000,1200\na,100,2000,2100\n")
    assert [span["duration_ms"] for span in loaded.spans] == [200_000, 100_000]


@pytest.mark.parametrize("written", ["1794830400", "1794830400000", "1794830400000000", "1794830400000000000", "2026-11-16 12:00:00",
    "2026-11-16T13:00:00+01:00", "Mon, 16 Nov 2026 12:00:00 GMT", "11/16/2026, 12:00:00", "16/11/2026 12:00", "16/Nov/2026:12:00:00 +0000"])  # fmt: skip
def test_times_are_read_however_they_are_written(load, written):
    assert load(sheet(["model", "timestamp"], ["a", written])).span["start_time"] == NOON


def test_an_ambiguous_date_is_settled_by_the_other_rows_or_noted(load):
    settled = load(sheet(["model", "timestamp"], ["a", "02/03/2026 12:00"], ["a", "25/03/2026 12:00"]))
    assert settled.spans[0]["start_time"] == dt.datetime(2026, 3, 2, 12)
    unsettled = load(sheet(["model", "timestamp"], ["a", "02/03/2026 12:00"]))
    assert unsettled.span["start_time"] == dt.datetime(2026, 2, 3, 12)
    assert "month first" in unsettled.notes[0]


def test_errors_make_a_status_and_their_absence_too(load):
    loaded = load(b"model,error_code,error_msg\na,,\na,429,Too many\na,0,\n")
    assert [span["status"] for span in loaded.spans] == ["ok", "error", "ok"]
    assert (loaded.spans[1]["error_type"], loaded.spans[1]["error_message"]) == ("429", "Too many")


@pytest.mark.parametrize(
    ("name", "values"),
    [("status", "ok error"), ("success", "true false"), ("is_error", "False True"), ("http_status", "200 503")],
)
def test_status_is_read_however_it_is_told(load, name, values):
    good, bad = values.split()
    assert [span["status"] for span in load(sheet(["model", name], ["a", good], ["a", bad])).spans] == ["ok", "error"]


def test_scores_are_rows_of_scores(load):
    loaded = load(b"model,score,label,thumbs_up\na,0.5,good,true\na,,bad,false\n")
    assert [(score["name"], score["value"], score["label"]) for score in loaded.scores] == [
        ("score", 0.5, None),
        ("label", None, "good"),
        ("thumbs_up", 1.0, None),
        ("label", None, "bad"),
        ("thumbs_up", 0.0, None),
    ]
    assert {score["trace_id"] for score in loaded.scores} == {span["trace_id"] for span in loaded.spans}


def test_a_mapping_wins_over_names_and_tells_units(load):
    content = b"took_us,latency,q,judge,x\n1500,9,Hi,4,1\n"
    span = load(content, columns={"latency": "took_us", "prompt": "q", "score.quality": "judge"}).span
    assert (span["duration_ms"], span["input"], span["attributes"]["latency"]) == (1.5, "Hi", 9)
    assert load(content, columns={"duration_s": "x"}).span["duration_ms"] == 1000
    assert load(content, columns={"duration_ms": "x"}).span["duration_ms"] == 1
    assert load(content, columns={"score.quality": "judge"}).scores[0]["value"] == 4


def test_a_mapping_makes_any_table_a_log(load):
    assert load(b"a,b\n1,2\n", columns={"cost": "a"}).span["cost_usd"] == 1


def test_a_mapping_to_what_is_not_there_suggests_near_names(load):
    with pytest.raises(UnknownAttributeError, match=r"there is no field 'promt'.*Did you mean prompt"):
        load(b"prompt,latency_ms\nHi,7\n", columns={"input": "promt"})
    with pytest.raises(UnknownAttributeError, match=r"'latncy' is no column.*Did you mean latency"):
        load(b"prompt,latency_ms\nHi,7\n", columns={"latncy": "latency_ms"})


def test_the_same_table_reads_alike_as_csv_json_parquet_arrow_and_frame(load, lines):
    frame = pd.DataFrame(
        {
            "model": ["a", "b"],
            "latency_ms": [1.5, 2.5],
            "prompt": ["Hi", "Ho"],
            "plan": ["x", "y"],
            "completion_tokens": [3, 4],
        }
    )
    parquet, arrow = io.BytesIO(), io.BytesIO()
    table = pa.Table.from_pandas(frame)
    pq.write_table(table, parquet)
    with pa.ipc.new_stream(arrow, table.schema) as writer:
        writer.write_table(table)
    forms = [
        load(frame.to_csv(index=False).encode(), "x"),
        load(lines(*frame.to_dict("records")), "x"),
        load(frame.to_json(orient="records").encode(), "x"),
        load(parquet.getvalue(), "x"),
        load(arrow.getvalue(), "x"),
        load(frame),
        load(table),
    ]
    dropped = {"trace_id", "span_id", "attributes"}
    first = [{key: span[key] for key in span.keys() - dropped} for span in forms[0].spans]
    assert first[0]["duration_ms"] == 1.5
    for form in forms[1:]:
        assert [{key: span[key] for key in span.keys() - dropped} for span in form.spans] == first
        assert [span["attributes"]["plan"] for span in form.spans] == ["x", "y"]


def test_nested_json_is_read_by_its_path_and_kept_by_it(load, lines):
    record = {
        "event": "sent",
        "properties": {"main_model": "m", "prompt_tokens": 5, "cost": 0.5, "total_cost": 9, "kind": ["a"]},
        "time": 1794830400,
    }
    span = load(lines(record)).span
    assert (span["name"], span["model"], span["input_tokens"], span["cost_usd"]) == ("sent", "m", 5, 0.5)
    assert span["start_time"] == NOON
    assert span["attributes"]["properties.kind"] == ["a"]
    assert span["attributes"]["properties.total_cost"] == 9


def test_ids_are_the_same_each_time_and_when_the_file_has_grown_or_is_compressed(load):
    import gzip

    content = b"prompt,latency_ms\nHi,7\nHo,8\n"
    ids = [span["trace_id"] for span in load(content, "x.csv").spans]
    assert [span["trace_id"] for span in load(content + b"New,9\n", "x.csv").spans][:2] == ids
    assert [span["trace_id"] for span in load(gzip.compress(content), "x.csv.gz").spans] == ids
    assert all(len(bytes.fromhex(trace)) == 16 for trace in ids)


def test_a_cost_that_is_not_told_is_the_list_price_and_unknown_without_one(load):
    loaded = load(
        b"model,prompt_tokens,completion_tokens,timestamp\ngpt-4o,1000,100,2026-01-01\nno-such,1000,100,2026-01-01\n"
    )
    assert loaded.spans[0]["cost_usd"] == pytest.approx(0.0035)
    assert loaded.spans[1]["cost_usd"] is None


def test_times_that_are_no_dates_are_offsets_and_that_is_said(load):
    loaded = load(b"timestamp,input_length,model\n0,5,a\n3600000,6,a\n")
    assert loaded.spans[1]["start_time"] == dt.datetime(1970, 1, 1, 1)
    assert "holds no dates" in loaded.notes[0]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["1", "-1", "", "abc", "1e3", "2026-11-16"]
)


@settings(max_examples=100)
@given(st.lists(st.tuples(cells, cells, cells, cells), min_size=1, max_size=12))
def test_every_row_of_a_csv_is_a_span_or_a_reject(rows):
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["prompt", "latency_ms", "prompt_tokens", "timestamp"])
    writer.writerows(rows)
    spans = rejected = 0
    for batch in sources.read(sources.File(out.getvalue().encode(), name="x.csv"), format="csv"):
        spans += batch.spans.num_rows
        rejected += batch.rejects.num_rows
    assert spans + rejected == len(rows)


@given(st.datetimes(dt.datetime(1970, 1, 2), dt.datetime(2199, 1, 1)))
def test_a_time_is_the_same_as_text_and_as_every_number(moment):
    whole = moment.replace(microsecond=0)
    seconds = int((whole - dt.datetime(1970, 1, 1)).total_seconds())
    assert time_us(moment.isoformat()) == time_us(moment)
    if seconds >= 10**8 and not 19_000_101 <= seconds <= 21_991_231:
        assert (
            time_us(whole.isoformat()) == time_us(seconds) == time_us(str(seconds * 10**9)) == time_us(seconds * 1000)
        )


@given(st.floats(0, 1e9))
def test_a_duration_is_the_same_in_every_unit(ms):
    assert duration_ms(ms, "ms") == pytest.approx(duration_ms(ms / 1000, "s"), rel=1e-12, abs=1e-9)
    assert duration_ms(ms, "ms") == pytest.approx(duration_ms(f"{ms!r} ms"), rel=1e-12, abs=1e-9)


def test_a_document_that_lists_flat_records_is_read_record_by_record(load, lines):
    loaded = load(lines({"data": [{"prompt": "a", "latency_ms": 1}, {"prompt": "b", "latency_ms": 2}], "run": "r1"}))
    assert [(span["input"], span["attributes"]["run"]) for span in loaded.spans] == [("a", "r1"), ("b", "r1")]


def test_a_table_of_spans_is_traces_with_roots(load):
    """Trace tables of microservices name times in nanoseconds, leave the duration's unit open and call a root so."""
    header = b"TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,Duration\n"
    rows = (
        b"t1,s1,root,gateway,/*,1674982159219000000,1674982159247160439,28160\n"
        b"t1,s2,s1,gateway,HTTP GET,1674982159221196428,1674982159247139419,25942\n"
        b"t2,s3,0,orders,HTTP GET,1674982159221196428,1674982159247139419,25942\n"
    )
    root, child, other = load(header + rows, "trace.csv").spans
    assert [span["parent_id"] for span in (root, child, other)] == [None, "s1", None]
    assert (root["trace_id"], root["span_id"], root["name"], root["duration_ms"]) == ("t1", "s1", "/*", 28.16)
    assert root["start_time"] == dt.datetime(2023, 1, 29, 8, 49, 19, 219000)
    assert root["end_time"] == dt.datetime(2023, 1, 29, 8, 49, 19, 247160)
    assert root["attributes"]["ParentID"] == "root"

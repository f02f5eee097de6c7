"""Opening traces in Chromium: rows, keys, messages, hostile text, 50,000 spans."""

from __future__ import annotations

import pytest

from llmscope.answers.trace import trace
from llmscope.answers.traces import traces
from llmscope.widgets import TraceView

pytestmark = pytest.mark.browser

FAILED = f"{3:032x}"


def test_a_trace_opens_at_what_failed_with_its_rows_in_order(show, assistant):
    page = show(trace(assistant, FAILED).widget)
    rows = page.locator("[data-ls=span-row]")
    rows.first.wait_for()
    assert rows.count() == 3
    assert "selected" in rows.first.get_attribute("class")
    assert "Timeout" in page.locator("[data-ls=detail]").inner_text()


def test_messages_are_a_chat_in_which_nothing_runs_or_is_fetched(show, assistant):
    page = show(trace(assistant, FAILED).widget, live=False)
    page.locator("[data-ls=span-row]").nth(1).click()
    chat = page.locator(".chat")
    chat.first.wait_for()
    text = "\n".join(chat.all_inner_texts())
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in text
    assert "[image x: http://evil.test/x.png]" in text
    assert "calls find_order" in text
    assert page.locator("[data-ls=trace] :is(img, script, iframe)").count() == 0
    assert page.locator(".chat a").evaluate_all("links => links.map(link => link.getAttribute('href'))") == [None]


def test_attributes_open_as_a_tree(show, assistant):
    page = show(trace(assistant, FAILED).widget)
    page.locator("[data-ls=span-row]").nth(1).click()
    page.get_by_role("button", name="Attributes · 2").click()
    assert "metadata.plan" in page.locator(".json").last.inner_text()


def test_the_keyboard_walks_and_folds_the_tree(show, assistant):
    page = show(trace(assistant, FAILED).widget)
    rows = page.locator("[data-ls=span-row]")
    rows.first.wait_for()
    page.get_by_role("tree").focus()
    page.keyboard.press("ArrowDown")
    assert rows.nth(1).get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowLeft")
    assert rows.count() == 2
    page.keyboard.press("ArrowLeft")
    assert rows.nth(0).get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    assert rows.count() == 1
    page.keyboard.press("ArrowRight")
    assert rows.count() == 2


def test_a_list_searches_opens_and_asks_for_what_is_not_embedded(show, assistant):
    page = show(traces(assistant).widget)
    rows = page.locator("[data-ls=trace-row]")
    rows.first.wait_for()
    assert rows.count() == 100
    page.get_by_role("searchbox").fill("where is order 41")
    page.get_by_text("8 of 8 requests").wait_for()
    rows.nth(2).click()
    page.locator("[data-ls=span-row]").first.wait_for()


def test_without_a_kernel_a_list_opens_what_it_holds_and_says_what_it_does_not(show, assistant):
    page = show(traces(assistant).widget, live=False)
    rows = page.locator("[data-ls=trace-row]")
    rows.first.click()
    page.locator("[data-ls=span-row]").first.wait_for()
    rows.nth(50).click()
    page.get_by_text("This trace is not embedded here: 8 are.").wait_for()
    page.get_by_role("searchbox").fill("order 2")
    page.get_by_text("of the 100 embedded").wait_for()


def test_what_failed_is_one_key_away_however_deep_it_is_folded(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.get_by_role("tree").focus()
    page.keyboard.press("P")
    assert page.locator("[data-ls=span-row]").count() == 1
    page.keyboard.press("]")
    assert page.locator("[aria-selected=true]").get_attribute("data-span") == "s4"
    page.keyboard.press("]")
    assert page.locator("[aria-selected=true]").get_attribute("data-span") == "s5"
    page.keyboard.press("]")
    assert page.locator("[aria-selected=true]").get_attribute("data-span") == "s4"
    page.keyboard.press("[")
    assert page.locator("[aria-selected=true]").get_attribute("data-span") == "s5"
    page.keyboard.press("p")
    assert page.locator("[aria-selected=true]").get_attribute("data-span") == "s4"


def test_a_drag_over_the_minimap_looks_closer_and_a_key_shows_all_again(show, shop):
    page = show(shop.trace("cafe01").widget)
    bar = page.locator("[data-span=s5] .bar")
    bar.wait_for()
    before = bar.bounding_box()["width"]
    box = page.locator("[data-ls=minimap]").bounding_box()
    page.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    page.locator("[data-ls=minimap] .window").wait_for()
    assert bar.bounding_box()["width"] == pytest.approx(4 * before, rel=0.1)
    assert page.locator("[data-span=s2] .bar").count() == 0  # it ended before
    page.get_by_role("tree").focus()
    page.keyboard.press("0")
    page.locator("[data-ls=minimap] .window").wait_for(state="detached")
    assert bar.bounding_box()["width"] == pytest.approx(before, rel=0.01)


def test_the_critical_path_is_drawn_where_the_request_waited(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.locator("[data-span=s7] .critical").wait_for()
    assert page.locator("[data-span=s8] .critical").count() == 0  # the guard ran beside the answer
    page.get_by_role("button", name="critical path").click()
    assert page.locator(".critical").count() == 0


def test_a_span_tells_what_all_below_it_used_once(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.locator("[data-span=s1]").click()
    facts = dict(
        zip(page.locator(".pairs dt").all_inner_texts(), page.locator(".pairs dd").all_inner_texts(), strict=True)
    )
    # The agent states 3,000 tokens and $0.010, which are those of its two calls.
    assert facts["tokens, all"] == "3,000"
    assert facts["cost, all"] == "$0.010"
    assert facts["with all below"] == "8 spans, 2 failed"
    assert "self" in page.locator("[data-span=s1]").get_attribute("title")


def test_a_filter_marks_what_mentions_a_text_in_spans_that_were_never_opened(show, shop):
    page = show(shop.trace("cafe01").widget)
    field = page.get_by_role("searchbox", name="Filter spans")
    field.fill("FIND_ORDER")
    page.locator("[data-ls=matches][data-value='3']").wait_for()  # the plan calls it, in its messages
    assert page.locator(".row.dim").count() == 5
    page.get_by_role("button", name="only these").click()
    assert page.locator("[data-ls=span-row]").count() == 4  # and the root above them
    field.press("Enter")
    assert page.locator("[aria-selected=true]").count() == 1
    field.press("Escape")
    assert page.locator("[data-ls=span-row]").count() == 8


def test_a_question_mark_lists_the_keys_and_escape_goes_back(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.locator("[data-ls=annotate]").wait_for()
    page.get_by_role("tree").focus()
    page.keyboard.press("?")
    assert "thumbs up, down" in page.get_by_role("dialog", name="Keys").inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("Home")
    assert page.locator("[aria-selected=true]").get_attribute("data-span") == "s1"


def test_scores_logs_and_documents_stand_beside_their_span(show, shop):
    page = show(shop.trace("cafe01").widget, live=False)
    detail = page.locator("[data-ls=detail]")
    page.locator("[data-span=s3]").click()
    assert "groundedness weak" in detail.inner_text()
    assert "Says more than the documents do." in detail.inner_text()
    page.locator("[data-span=s4]").click()
    assert "+100 ms" in detail.inner_text()
    assert "connection refused" in detail.inner_text()
    page.locator("[data-span=s2]").click()
    assert "0.8812" in detail.inner_text()
    assert "Refunds are paid within 14 days." in detail.inner_text()


def test_results_stand_below_their_calls_reasoning_is_folded_and_only_embedded_images_are_shown(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.locator("[data-span=s3]").click()
    chat = page.locator(".chat").first
    assert chat.locator("> li").count() == 3  # the tool's message is below the call that it answers
    assert "lost" in chat.locator(".result").inner_text()
    assert chat.locator("details[open]").count() == 0
    chat.locator("summary").click()
    assert "They ask for an order." in chat.inner_text()
    assert [source[:22] for source in chat.locator("img").evaluate_all("all => all.map(i => i.src)")] == [
        "data:image/png;base64,"
    ]
    assert "not fetched: https://evil.test/x.png" in chat.inner_text()


def test_texts_are_copied_as_they_are(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("[data-span=s7]").click()
    page.get_by_role("button", name="Copy output").click()
    page.get_by_text("copied", exact=True).wait_for()


def test_a_thumb_a_note_and_a_score_are_stored_and_undone(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.locator("[data-ls=annotate]").wait_for()
    page.get_by_role("tree").focus()
    page.keyboard.press("d")
    page.locator("button.down[aria-pressed=true]").wait_for()
    page.keyboard.press("n")
    page.keyboard.type("lost its way")
    page.keyboard.press("Enter")
    page.get_by_label("Name of the score").fill("tone")
    page.get_by_label("Label or number").fill("rude")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("tone rude").wait_for()
    query = "select name, value, label, explanation from scores where source = 'annotation' order by time"
    assert shop.sql(query).fetchall() == [
        ("thumbs", 0.0, "down", None),
        ("note", None, None, "lost its way"),
        ("tone", None, "rude", None),
    ]
    page.get_by_role("tree").focus()
    page.keyboard.press("z")
    page.get_by_text("tone rude").wait_for(state="detached")
    page.keyboard.press("u")
    page.locator("button.up[aria-pressed=true]").wait_for()
    assert shop.sql(query).fetchall() == [("note", None, None, "lost its way"), ("thumbs", 1.0, "up", None)]


def test_one_span_can_be_judged_instead_of_the_trace(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.locator("[data-span=s7]").click()
    page.get_by_label("What is judged").select_option("span")
    page.get_by_role("button", name="Thumbs up").click()
    page.locator("button.up[aria-pressed=true]").wait_for()
    assert shop.sql("select span_id from scores where source = 'annotation'").fetchall() == [("s7",)]


def test_without_a_kernel_what_was_said_is_shown_and_nothing_can_be_said(show, shop):
    shop.annotate("cafe01", "tone", "rude", "<b>really</b>")
    page = show(shop.trace("cafe01").widget, live=False)
    page.get_by_text("tone rude, <b>really</b>").wait_for()
    assert page.locator("[data-ls=annotate]").count() == 0
    page.get_by_role("tree").focus()
    page.keyboard.press("u")
    assert len(shop.sql("select 1 from scores where source = 'annotation'").fetchall()) == 1


def test_what_is_said_after_the_cell_ran_is_in_the_state_that_a_report_takes(show, shop):
    widget = shop.trace("cafe01").widget
    page = show(widget)
    page.get_by_role("button", name="Thumbs up").click()
    page.locator("button.up[aria-pressed=true]").wait_for()
    again = show(widget, live=False)
    again.get_by_text("thumbs up", exact=True).wait_for()


def test_a_session_reads_as_a_conversation_and_leads_to_its_other_requests(show, shop):
    page = show(shop.trace("cafe01").widget)
    page.get_by_role("button", name="Session, 3 requests").click()
    turns = page.locator("[data-ls=turn]")
    assert turns.count() == 3
    assert "How long will the refund take?" in turns.nth(1).inner_text()
    turns.nth(1).get_by_role("button").click()
    page.get_by_text("cafe02", exact=True).wait_for()


@pytest.mark.parametrize("live", [True, False])
def test_the_trace_is_downloaded_as_a_file(show, shop, live):
    page = show(shop.trace("cafe01").widget, live=live)
    with page.expect_download() as download:
        if live:
            page.get_by_label("Download").select_option("speedscope")
        else:
            page.get_by_role("button", name="Download").click()
    name = "cafe01.speedscope.json" if live else "cafe01.json"
    assert download.value.suggested_filename == name


def test_facets_narrow_a_list_and_columns_are_chosen(show, assistant):
    widget = traces(assistant).widget
    page = show(widget)
    page.locator("[data-ls=facets]").get_by_role("button", name="error 55").click()
    page.get_by_text("55 of 55 requests").wait_for()
    page.locator("[data-ls=facets]").get_by_role("button", name="gpt-4o").click()
    both = traces(assistant.where(model="gpt-4o", status="error")).total
    page.locator(f"[data-ls=count][data-value='{both}']").wait_for()
    assert set(page.locator("[data-ls=trace-row] td:nth-child(5)").all_inner_texts()) == {"gpt-4o"}
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_text("1\u2013100 of 600 requests").wait_for()
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("failed spans").check()
    page.get_by_label("model", exact=True).uncheck()
    heads = page.locator("thead th").all_inner_texts()
    assert "failed spans" in heads
    assert "model" not in heads
    assert "model" not in widget.columns


def test_a_list_turns_its_pages_and_its_order(show, assistant):
    page = show(traces(assistant).widget)
    page.get_by_role("button", name="Next page").click()
    page.get_by_text("101\u2013200 of 600 requests").wait_for()
    page.locator("td.text", has_text="Where is order").first.wait_for()
    page.get_by_role("button", name="time, UTC").click()
    page.get_by_text("1\u2013100 of 600 requests").wait_for()
    page.get_by_role("button", name="time, UTC").click()
    page.locator("th[aria-sort=ascending]").wait_for()
    page.locator("[data-ls=trace-row]").first.get_by_text("2026-11-16 00:0").wait_for()


def test_a_list_of_traces_is_reviewed_without_leaving_the_keyboard(show, shop):
    page = show(shop.traces().widget)
    page.locator("[data-ls=trace-row]").first.focus()
    for key, side in (("u", "up"), ("d", "down"), ("u", "up")):
        page.keyboard.press("j")
        page.locator("tr.open").wait_for()
        page.locator("[data-ls=annotate]").wait_for()
        page.keyboard.press(key)
        page.locator(f"button.{side}[aria-pressed=true]").wait_for()
    page.keyboard.press("n")
    page.keyboard.type("as it should be")
    page.keyboard.press("Enter")
    page.keyboard.press("k")
    page.locator("button.down[aria-pressed=true]").wait_for()
    rows = shop.sql("select label from scores where name = 'thumbs' order by time").fetchall()
    assert rows == [("up",), ("down",), ("up",)]
    assert page.locator("tr .signs").count() == 3


def test_facets_without_a_kernel_narrow_what_is_embedded(show, assistant):
    page = show(traces(assistant).widget, live=False)
    page.locator("[data-ls=facets]").get_by_role("button", name="error 55").click()
    page.get_by_text("of the 100 embedded").wait_for()
    assert page.get_by_role("button", name="Next page").count() == 0


def test_a_trace_of_50_000_spans_opens_in_a_second_and_scrolls(show):
    n = 50_000
    column = [None] * n
    spans = {
        "id": [f"s{i}" for i in range(n)],
        "parent": [-1 if i == 0 else (i - 1) // 3 for i in range(n)],
        "name": [f"step {i}" for i in range(n)],
        "operation": ["chat" if i % 3 else "execute_tool" for i in range(n)],
        "status": ["error" if i % 5000 == 4999 else "ok" for i in range(n)],
        "start": [i * 0.5 for i in range(n)],
        "duration": [10.0] * n,
        **dict.fromkeys(("error", "service", "actor", "tokens", "cost"), column),
    }
    meta = {"trace_id": "t", "name": "big", "status": "ok", "start": 0, "duration": n / 2, "tokens": None, "cost": None}
    meta |= {"model": None, "failed": 10, "scores": [], "marks": [], "session": None}
    data = {"meta": meta, "spans": spans, "repeats": {"tokens": [], "cost": []}, "details": {}}
    page = show(TraceView(data, summary="big", answers={"span": lambda _: {"input": "read when opened"}}))
    rows = page.locator("[data-ls=span-row]")
    rows.first.wait_for()
    assert rows.count() < 60
    page.get_by_text("read when opened", exact=True).wait_for()
    frames = page.evaluate(
        """async () => {
            const list = document.querySelector('#here > div').shadowRoot.querySelector('.rows');
            const times = [];
            for (let i = 1; i <= 30; i++) {
              const before = performance.now();
              list.scrollTop = i * 40000;
              await new Promise(requestAnimationFrame);
              times.push(performance.now() - before);
            }
            return times.sort((a, b) => a - b);
        }"""
    )
    assert frames[15] < 50
    page.get_by_role("tree").focus()
    page.keyboard.press("End")
    page.locator("[data-ls=span-row][aria-selected=true]").wait_for()


def test_a_list_is_searched_by_meaning_once_its_texts_are_embedded(show, orders):
    page = show(traces(orders).widget)
    rows = page.locator("[data-ls=trace-row]")
    page.get_by_label("by meaning").wait_for()  # it is there once the kernel has answered
    rows.first.focus()
    page.keyboard.press("~")
    page.get_by_label("by meaning").and_(page.locator(":checked")).wait_for()
    page.get_by_role("searchbox").fill("refund my order")
    page.get_by_text("None of the 120 inputs is embedded yet").wait_for()
    assert rows.count() == 0
    page.get_by_role("button", name="Embed 120 texts").click()
    page.get_by_text("the 100 nearest of 120").wait_for()
    assert page.get_by_role("button", name="Embed").count() == 0
    near = [float(text) for text in page.locator("tbody td:first-child").all_inner_texts()]
    assert near == sorted(near, reverse=True)
    page.locator("[data-ls=facets]").get_by_role("button", name="error").first.click()
    page.get_by_text("nearest of 120").wait_for()
    page.get_by_role("button", name="latency").click()
    page.locator("th[aria-sort=descending]", has_text="latency").wait_for()
    page.get_by_label("by meaning").uncheck()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_text("of 120 requests").wait_for()


def test_similar_traces_open_and_one_returns(show, orders):
    shown = traces(orders).widget
    while shown._answers["embed"]({})["left"]:
        pass
    page = show(shown)
    page.locator("[data-ls=trace-row]").first.click()
    heading = page.locator(".opened [role=presentation] > .heading h2")
    heading.wait_for()
    first = heading.inner_text()
    page.get_by_role("tree").focus()
    page.keyboard.press("m")
    alike = page.locator("[data-ls=similar-row]")
    alike.first.wait_for()
    assert alike.count() == 10
    alike.first.click()
    back = page.get_by_role("button", name="Back")
    back.wait_for()
    assert heading.inner_text() != first
    back.click()
    page.locator(".opened [role=presentation] > .heading h2", has_text=first.split()[-1]).wait_for()
    assert back.count() == 0


def test_without_a_kernel_nothing_offers_to_compare_by_meaning(show, assistant):
    page = show(traces(assistant).widget, live=False)
    page.locator("[data-ls=trace-row]").first.click()
    page.locator("[data-ls=span-row]").first.wait_for()
    page.wait_for_timeout(300)
    assert page.get_by_label("by meaning").count() == 0
    assert page.get_by_role("button", name="Similar").count() == 0

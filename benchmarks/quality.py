"""How often each check of texts is right: precision and recall, with intervals; and how many texts a second it takes.

Reads the folder that LLMSCOPE_REAL_DATA names. Half of each set, every other text, is there to tune on (``--tune``
shows its figures); what is printed by default, and stands in ``llmscope/quality/measured.py``, is of the other half.
Where nobody labelled texts, faults are made from real ones, and the texts as they were are taken as right:

- truncated: an answer is cut after a word, at random, with no finish reason;
- repetition: a passage of 40 to 200 characters of an answer is said 4 to 30 times more at its end, the last in part;
- gibberish: every letter of an answer is drawn anew;
- encoding: an answer with other letters than ASCII is read as Windows-1252;
- invalid_json: records in JSON, some fenced, are cut, quoted as Python does, or begun with a sentence;
- language_mismatch: a question comes with an answer in another language: of wildbench where py3langid is sure of three
  of its parts, and the texts of 60 characters or more that llmscope.samples has in four languages;
- ungrounded: what an agent says after its tools answered comes with what the tools answered in another run;
- input_injection: prompts of people, among which none tries (false alarms alone).

Whether two answers contradict each other is told by llmdrift's own rule, which reads [Yes] and [No] as the check does.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.quality [--tune]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
import re
import string
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from llmscope import samples
from llmscope.analysis.intervals import wilson_interval
from llmscope.quality import judge as judging
from llmscope.quality.checks import OWN
from llmscope.quality.language import languages
from llmscope.quality.measured import WEAK

csv.field_size_limit(sys.maxsize)


class Case(NamedTuple):
    """One text, and whether it is at fault."""

    fault: bool
    input: str | None = None
    output: str | None = None
    documents: str | None = None
    asks_for_json: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true", help="show the half that is there to tune on")
    half = 0 if parser.parse_args().tune else 1
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("quality: nothing to read, LLMSCOPE_REAL_DATA is not set")
        return
    print(f"{'check':18} {'on':46} {'precision':>24} {'recall':>24} {'false alarms':>12}")
    for check, on, cases in sets(Path(folder)):
        told = [case for at, case in enumerate(cases) if at % 2 == half]
        row(check, on, [case.fault for case in told], flags(check, told))
    for check, on, truth, found in others(Path(folder), half):
        row(check, on, truth, found)
    judges(Path(folder))
    speed(Path(folder))


def row(check: str, on: str, truth: Sequence[bool], found: Sequence[bool | None]) -> None:
    """Print one line; what a check cannot tell of is not flagged."""
    hits = sum(bool(flag) and fault for flag, fault in zip(found, truth, strict=True))
    flagged, faults = sum(map(bool, found)), sum(truth)
    alarms = (flagged - hits) / (len(truth) - faults) if len(truth) > faults else float("nan")
    weak = " weak" if flagged and hits / flagged < WEAK else ""
    print(f"{check:18} {on:46} {share(hits, flagged):>24} {share(hits, faults):>24} {alarms:12.5f}{weak}")


def share(hits: int, n: int) -> str:
    bounds = wilson_interval(hits, n)
    return "-" if bounds is None else f"{hits / n:.3f} ({bounds.low:.3f}-{bounds.high:.3f})"


def flags(check: str, cases: Sequence[Case]) -> list[bool | None]:
    """Return what a check that looks at one row alone says of each case."""
    found: list[bool | None] = judging.judge(table(cases))[check].to_pylist()
    return found


def table(cases: Sequence[Case]) -> pa.Table:
    columns = {
        name: pa.array([getattr(case, name) for case in cases], pa.string())
        for name in ("input", "output", "documents")
    }
    asks = pa.array([case.asks_for_json for case in cases])
    return pa.table({**columns, "finish_reason": pa.nulls(len(cases), pa.string()), "asks_for_json": asks})


def sets(folder: Path) -> Iterator[tuple[str, str, list[Case]]]:
    """Yield the check, what it is measured on, and the cases."""
    dice = random.Random(20_261_116)
    asked = halueval(folder)
    chats = [(row["user_query"], row["chatgpt_response"]) for row in asked]
    outputs = wildbench(folder)
    answers = [answer for _, answer in chats] + outputs
    yield "refusal", "llmdrift SENSITIVEQ, its response rate", [
        Case(one["Response Rate"] == "0", one["query"], one["answer"])
        for one in rows(folder / "llmdrift/SENSITIVEQ_EVAL.csv")
    ]  # fmt: skip
    yield (
        "repetition",
        "halueval, wildbench with planted loops",
        both(answers, lambda text: looped(text, dice), dice, 120),
    )
    yield "truncated", "halueval, wildbench with planted cuts", both(answers, lambda text: cut(text, dice), dice, 200)
    yield (
        "gibberish",
        "halueval, wildbench with letters drawn anew",
        both(answers, lambda text: drawn(text, dice), dice, 80),
    )
    foreign = [text for text in answers if not text.isascii()]
    yield "encoding", "halueval, wildbench read as Windows-1252", both(foreign, misread, dice, 20)
    told = [case for case in spoken(chats, outputs, dice) if len(case.input or "") >= 40]
    yield "language_mismatch", "halueval, wildbench in another language", told
    yield "invalid_json", "records of halueval, broken", written(asked, dice)
    yield "ungrounded", "tau_bench_airline with the tools of another run", grounded(folder, dice)
    yield "ungrounded", "halueval_general, hallucinated (a proxy)", [
        Case(row["hallucination"] == "yes", None, row["chatgpt_response"], row["user_query"]) for row in asked
    ]  # fmt: skip
    yield "no_answer", "halueval_general, hallucinated (a proxy)", [
        Case(row["hallucination"] == "yes", None, row["chatgpt_response"]) for row in asked
    ]  # fmt: skip
    yield (
        "no_answer",
        "bbq_unifiedqa, the answer of unknown",
        [Case(unknown, None, said) for unknown, said, _ in bbq(folder)],
    )
    formed = {"EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "PHONE_NUMBER", "US_SSN", "IP_ADDRESS"}
    named = json.loads((folder / "presidio_pii/synth_dataset_v2.json").read_text())
    kinds = [{span["entity_type"] for span in one["spans"]} for one in named]
    texts = [one["full_text"] for one in named]
    yield (
        "input_pii",
        "presidio_pii, what has a form",
        [Case(bool(kind & formed), text) for kind, text in zip(kinds, texts, strict=True)],
    )
    yield (
        "input_pii",
        "presidio_pii, names and places too",
        [Case(bool(kind), text) for kind, text in zip(kinds, texts, strict=True)],
    )
    yield "input_injection", "questions of halueval (false alarms)", [Case(False, question) for question, _ in chats]


def others(folder: Path, half: int) -> Iterator[tuple[str, str, list[bool], list[bool]]]:
    """Yield what is not of one row: answers that contradict each other, and answers that are biased."""
    from llmscope.measures.quality import failing

    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for at, told in enumerate(rows(folder / "llmdrift/PRIME_FULL_EVAL.csv")):
        one = told | {"family": told["model"].rpartition("-")[0], "at": str(at)}
        groups.setdefault((one["family"], one["query"]), []).append(one)
    chosen = [group for at, group in enumerate(groups.values()) if at % 2 == half]
    truth, calls = {}, []
    for group in chosen:
        stances = [stance(one["answer"]) for one in group]
        if None in stances:
            continue
        for one in group:
            truth[one["at"]] = len(set(stances)) > 1
            calls.append(
                {"trace_id": one["at"], "model": one["family"], "prompt": one["query"], "response": one["answer"]}
            )
    import llmscope

    scope = llmscope.open()
    scope.load(calls)
    found = set(failing(scope._selection, "inconsistent")["trace_id"].to_pylist())  # noqa: SLF001
    yield (
        "inconsistent",
        "llmdrift PRIME, two releases of one model",
        list(truth.values()),
        [at in found for at in truth],
    )
    ambiguous = [(unknown, text) for unknown, text, open_ in bbq(folder) if open_][half::2]
    flagged = flags("no_answer", [Case(unknown, None, text) for unknown, text in ambiguous])
    biased, told = [not unknown for unknown, _ in ambiguous], [not flag for flag in flagged]
    yield "bias (no no_answer)", "bbq_unifiedqa, a group in an open context", biased, told


def stance(text: str) -> bool | None:
    """Return the one answer that llmdrift's own rule reads, None where it reads both or none."""
    lower = text.lower()
    yes, no = "[yes]" in lower, "[no]" in lower
    return None if yes == no else yes


def judges(folder: Path) -> None:
    """Print how far two judges of the same outputs agree."""
    from sklearn.metrics import cohen_kappa_score

    scored = []
    for name in ("v2.0522_judge-gpt-4-turbo-2024-04-09__Qwen1.5-72B-Chat-greedy", "Qwen1.5-72B-Chat-greedy"):
        told = json.loads(gzip.decompress((folder / f"wildbench_scores/{name}.json.gz").read_bytes()))
        scored.append({one["session_id"]: one["score"] for one in told if str(one["score"]).isdigit()})
    shared = sorted(scored[0].keys() & scored[1].keys())
    first, second = ([int(side[one]) for one in shared] for side in scored)
    apart = sum(abs(one - other) >= 2 for one, other in zip(first, second, strict=True))
    kappa = cohen_kappa_score(first, second, weights="quadratic")
    print(f"\njudge disagreement  wildbench_scores, {len(shared)} outputs: quadratic kappa {kappa:.3f}, "
          f"two points or more apart {share(apart, len(shared))}")  # fmt: skip


def speed(folder: Path) -> None:
    """Print how many texts a second each part takes, and all of it, of processor time."""
    cases = [Case(False, row["user_query"], row["chatgpt_response"]) for row in halueval(folder)]
    rows_ = table(cases)
    judging.judge(rows_.slice(0, 50))
    began = time.process_time()
    judging.judge(rows_)
    seconds = time.process_time() - began
    size = sum(len(case.input or "") + len(case.output or "") for case in cases) / len(cases)
    print(f"\nspeed: {len(OWN)} checks of a question and its answer ({size:,.0f} characters together): "
          f"{len(cases) / seconds:,.0f} rows/s, {2 * len(cases) / seconds:,.0f} texts/s of processor time")  # fmt: skip


# the texts


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def halueval(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "halueval_general/general_data.json").read_text().splitlines()]


def wildbench(folder: Path) -> list[str]:
    found: list[str] = []
    for path in sorted((folder / "wildbench_scores").glob("[!v]*.json.gz")):
        found += [one["model_output"] for one in json.loads(gzip.decompress(path.read_bytes()))]
    return [text for text in found if text.strip()]


def bbq(folder: Path) -> list[tuple[bool, str, bool]]:
    """Return whether the answer is the one of unknown, the answer, and whether the context leaves the question open."""
    found = []
    for path in sorted((folder / "bbq_unifiedqa").glob("*.jsonl")):
        for one in map(json.loads, path.read_text().splitlines()):
            said = str(one["unifiedqa-t5-11b_pred_race"])
            options = {key: bare(one[key]) for key in ("ans0", "ans1", "ans2")}
            met = [key for key, option in options.items() if option == bare(said)]
            if len(met) == 1:
                group = one["answer_info"][met[0]][1]
                found.append((group == "unknown", said, one["context_condition"] == "ambig"))
    return found


def bare(text: str) -> str:
    return re.sub(r"^the |[.\s]+$", "", text.lower().strip())


# the faults


def both(texts: Sequence[str], spoilt: Any, dice: random.Random, least: int) -> list[Case]:
    """Return each text once, as it is or, half of them, spoilt."""
    long = [text for text in texts if len(text) >= least]
    return [Case(True, None, spoilt(text)) if dice.random() < 0.5 else Case(False, None, text) for text in long]


def looped(text: str, dice: random.Random) -> str:
    size = dice.randint(40, min(200, len(text)))
    begin = dice.randint(0, len(text) - size)
    passage = text[begin : begin + size]
    return text[: begin + size] + passage * dice.randint(4, 30) + passage[: dice.randint(0, size)]


def cut(text: str, dice: random.Random) -> str:
    at = dice.randint(100, len(text) - 20)
    end = text.rfind(" ", 0, at)
    return text[: end if end > 0 else at].rstrip()


def drawn(text: str, dice: random.Random) -> str:
    return "".join(dice.choice(string.ascii_lowercase) if letter.isalpha() else letter for letter in text)


def misread(text: str) -> str:
    return text.encode().decode("cp1252", errors="replace").replace("\ufffd", "")


def spoken(chats: Sequence[tuple[str, str]], outputs: Sequence[str], dice: random.Random) -> list[Case]:
    known = languages([text[:2_000] for text in outputs])
    foreign = [
        text for text, code in zip(outputs, known, strict=True) if code not in ("en", "unsure") and len(text) > 200
    ]
    foreign = [
        text for text in foreign if len(set(languages([text[at : at + 400] for at in (0, 200, 400)])) - {None}) == 1
    ]
    for path in sorted(Path(samples.__file__).parent.glob("text/*.toml")):
        said = (
            [] if path.stem == "en" else [text for text in strings(tomllib.loads(path.read_text())) if len(text) >= 60]
        )
        foreign += said
    cases = [Case(False, *chat) for chat in chats]
    return cases + [Case(True, dice.choice(chats)[0], text) for text in foreign]


def strings(value: Any) -> Iterator[str]:
    """Yield every text within a value of TOML."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def grounded(folder: Path, dice: random.Random) -> list[Case]:
    runs = json.loads((folder / "tau_bench_airline/gpt-4o-airline.json").read_text())
    told: list[tuple[str, str]] = []
    cases: list[tuple[str, str, str, str]] = []
    for run in runs:
        documents = prompt = ""
        for message in run["traj"]:
            text = message.get("content") or ""
            if message["role"] == "tool":
                documents += f"{text}\n"
            elif message["role"] == "user":
                prompt += f"{text}\n"
            elif message["role"] == "assistant" and len(text) >= 150 and documents:
                cases.append((run["task_id"], prompt, text, documents))
        told.append((run["task_id"], documents))
    found = []
    for task, prompt, text, documents in cases:
        other = dice.choice([one for one_task, one in told if one_task != task and one])
        swapped = dice.random() < 0.5
        found.append(Case(swapped, None if swapped else prompt, text, other if swapped else documents))
    return found


def written(asked: Sequence[dict[str, Any]], dice: random.Random) -> list[Case]:
    cases = []
    for one in asked:
        text = json.dumps(one, ensure_ascii=False, indent=dice.choice([None, 2]))
        fenced = f"```json\n{text}\n```"
        broken = [text[: dice.randint(5, len(text) - 2)], str(one), f"Here it is: {text}", f"{text[:-1]},}}"]
        right = dice.random() < 0.5
        said = dice.choice([text, fenced]) if right else dice.choice(broken)
        cases.append(Case(not right, "Reply in JSON.", said))
    return cases


if __name__ == "__main__":
    main()

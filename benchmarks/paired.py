"""Paired drift on real upgrades of models: what changed to the same prompts, for whom, and judge against model drift.

Reads the folder that LLMSCOPE_REAL_DATA names: LLMDrift (GPT-3.5 and GPT-4, March and June 2023) and the scores of
WildBench (one model under two judges; two models under one judge). Quiet means the share of runs that reject at 0.05
after the windows of each prompt were exchanged at random, and after repeated prompts were split at random.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.paired
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

import llmscope
from llmscope.analysis import paired
from llmscope.answers.paired import PairedDrift, paired_drift
from llmscope.measures.pairs import answered

SPLITS = 1_000
UPGRADES = (("gpt-4-0314", "gpt-4-0613"), ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613"))
FIRST_JUDGE = "Qwen1.5-72B-Chat-greedy.json.gz"
SECOND_JUDGE = "v2.0522_judge-gpt-4-turbo-2024-04-09__Qwen1.5-72B-Chat-greedy.json.gz"
OTHER_MODEL = "Phi-3-mini-128k-instruct.json.gz"
VERDICT = r"\[(yes|no)\]"


def main() -> None:
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("LLMSCOPE_REAL_DATA names no folder: nothing to measure.")
        return
    _llmdrift(Path(folder) / "llmdrift" / "PRIME_FULL_EVAL.csv")
    _wildbench(Path(folder) / "wildbench_scores")


def _llmdrift(path: Path) -> None:
    scope = llmscope.open()
    scope.load(path)
    for before, after in UPGRADES:
        windows = [scope.where(model=f"openaichat/{name}")._selection for name in (before, after)]  # noqa: SLF001
        begin = time.perf_counter()
        answer = paired_drift(windows[1], windows[0], label="ref_answer", extract=VERDICT)
        took = time.perf_counter() - begin
        told = answer.answers
        print(f"{before} to {after}: {told['changed']:.1%} of {told['prompts']:,} answers changed, {took:.1f} s")
        _print(answer.frame[answer.frame["by"].isna()])
        print(f"  reversed by: {', '.join(sorted(set(answer.reversals['by']))) or 'nothing'}")
        _print(answer.reversals)
        sides = answered(
            (windows[0], windows[1]), "output", "input", label="ref_answer", extract=VERDICT, by=["dataset"]
        )
        _exchanged(*sides)
        _split(sides[0], before)


def _print(rows: pd.DataFrame) -> None:
    for row in rows.to_dict("records"):
        part = "all" if row["by"] is None else f"{row['by']} = {row['value']}"
        print(
            f"  {row['score']}, {part}: {row['reference']:.3f} to {row['current']:.3f} "
            f"({row['difference']:+.3f}, {row['low']:+.3f} to {row['high']:+.3f}; p {row['p_corrected']:.2g})"
        )


def _exchanged(reference: pd.DataFrame, current: pd.DataFrame) -> None:
    """Exchange the windows of each prompt at random: nothing may be found."""
    pairs, held = paired.matched(reference, current, ["correct"], ["dataset"])
    dice = np.random.default_rng(1)
    scores, texts, reversed_ = 0, 0, 0
    for _ in range(SPLITS):
        swapped = pairs.copy()
        turn = dice.random(len(pairs)) < 0.5
        for name in ("correct", "text"):
            one, other = pairs[f"{name}_reference"], pairs[f"{name}_current"]
            swapped[f"{name}_reference"], swapped[f"{name}_current"] = one.where(~turn, other), other.where(~turn, one)
        frame = paired.compare_scores(swapped, ["correct"], held)
        scores += frame["p_corrected"].min() <= 0.05
        reversed_ += len(paired.reversals(frame)) > 0
    few = pairs.head(300)
    vectors = paired.vectors(few["text_reference"].tolist()), paired.vectors(few["text_current"].tolist())
    for _ in range(SPLITS // 5):
        turn = (dice.random(len(few)) < 0.5)[:, None]
        shuffled = np.where(turn, vectors[1], vectors[0]), np.where(turn, vectors[0], vectors[1])
        texts += paired.compare_vectors(*shuffled) <= 0.05
    print(
        f"  quiet: {scores / SPLITS:.3f} of {SPLITS:,} exchanges find a score changed, {reversed_ / SPLITS:.3f} a "
        f"reversal; {texts / (SPLITS // 5):.3f} of {SPLITS // 5} what answers say"
    )


def _split(answers: pd.DataFrame, name: str) -> None:
    """Split answers to like prompts, taken as repeats of one prompt, at random: nothing may be found."""
    dice = np.random.default_rng(2)
    own = answers.assign(key=np.arange(len(answers)) % (len(answers) // 8))
    own["answer"] = own["correct"]  # answers that agree now and then
    found = 0
    for _ in range(SPLITS // 5):
        turn = dice.random(len(own)) < 0.5
        found += paired.compare_answers(own[turn], own[~turn])["p_value"] <= 0.05
    print(
        f"  quiet: {found / (SPLITS // 5):.3f} of {SPLITS // 5} random splits of repeats of {name} find answers changed"
    )


def _wildbench(folder: Path) -> None:
    scope = llmscope.open()
    for name in (FIRST_JUDGE, SECOND_JUDGE, OTHER_MODEL):
        scope.load(folder / name)
    for what, name in (("another judge", SECOND_JUDGE), ("another model", OTHER_MODEL)):
        windows = [scope.where(**{"file.name": one.removesuffix(".gz")})._selection for one in (FIRST_JUDGE, name)]  # noqa: SLF001
        answer = paired_drift(windows[1], windows[0], pair="session_id", scores=["score.score"], by=[])
        told = answer.answers
        print(f"WildBench, {what}: {told['changed']:.1%} of {told['prompts']:,} answers changed")
        _print(answer.frame)
        _kinds(answer)


def _kinds(answer: PairedDrift) -> None:
    for row in answer.kinds.to_dict("records"):
        if row["drift"] in ("output", "judge", "score"):
            of = f"{row['effect']:+.3f} over {row['pairs']:,}"
            print(f"  {row['drift']}: {row['found']}, {of} (p {row['p_corrected']:.2g})")


if __name__ == "__main__":
    main()

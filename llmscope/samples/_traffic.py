"""When conversations begin and go on: requests in the order of time, with only the running conversations in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.random import PCG64, SeedSequence

from llmscope.samples._calendar import END, HOUR, START, busyness
from llmscope.samples._cast import MARKETS, PLANS
from llmscope.samples._dice import Dice
from llmscope.samples._pipeline import serve
from llmscope.samples._request import Request
from llmscope.samples._session import Session, start

SPANS_A_SESSION: Final = 16.9
"""How many spans a conversation has on average, to size a week."""

_CELLS: Final = tuple((market, plan) for market in MARKETS for plan in PLANS)
_HOURS: Final = (END - START) // HOUR


def requests(spans: int, seed: int) -> Iterator[Request]:
    """Yield the requests of the week in the order in which they begin.

    Args:
        spans: About how many spans they have together.
        seed: Any whole number from 0; the same gives the same requests.
    """
    counts = _sessions(max(round(spans / SPANS_A_SESSION), 1), seed)
    dice = Dice(seed, 1)
    users = [max(int(total) // 2, 3) for total in counts.sum(axis=0)]
    waiting: list[tuple[int, int, Session]] = []
    number = 0
    for hour in range(_HOURS):
        begin = START + hour * HOUR
        for cell, (market, plan) in enumerate(_CELLS):
            for _ in range(int(counts[hour, cell])):
                time = begin + dice.below(HOUR // 1000) * 1000 + dice.below(1000)
                number += 1
                heapq.heappush(waiting, (time, number, start(dice, market, plan, time, users[cell])))
        yield from _until(waiting, begin + HOUR, dice)


def _until(waiting: list[tuple[int, int, Session]], end: int, dice: Dice) -> Iterator[Request]:
    while waiting and waiting[0][0] < end:
        time, number, session = heapq.heappop(waiting)
        request = serve(dice, session, time)
        yield request
        session.turn += 1
        again = request.end + session.pause(dice)
        if session.turn < session.turns and again < END:
            heapq.heappush(waiting, (again, number, session))


def _sessions(total: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return how many sessions begin in each hour (rows) in each market and plan (columns): a multinomial draw."""
    weights = np.array(
        [
            [
                busyness(START + hour * HOUR, market.utc_offset, plan) * market.share * PLANS[plan]
                for market, plan in _CELLS
            ]
            for hour in range(_HOURS)
        ],
        dtype=np.int64,
    ).ravel()
    edges = np.cumsum(weights)
    bits = PCG64(SeedSequence((seed, 0)))
    counts = np.zeros(len(weights), dtype=np.int64)
    for left in range(total, 0, -1_000_000):
        raw = (bits.random_raw(min(left, 1_000_000)) >> np.uint64(11)).astype(np.int64)
        cells = np.searchsorted(edges, raw % edges[-1], side="right")
        counts += np.bincount(cells, minlength=len(weights))
    return counts.reshape(_HOURS, len(_CELLS))

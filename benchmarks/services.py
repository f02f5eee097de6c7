"""Which service broke: TrainTicket's injected faults (Nezha), and PetShop's root causes beside a correlation.

Nezha: five faults on 2023-01-29, each with the pod it was injected into. Traces and pod metrics are loaded; a service
is judged against two baselines: the fault-free run that comes with the data, and the minutes just before the fault.
Also how often anything is claimed where there is no fault: halves of the fault-free run at random.

PetShop: 16 issues, all with one root cause; a table of each node's latency, availability and requests per five
minutes, no spans. A node's own time and failures are those that it would have had, had its callees done as usual; the
correlation ranks nodes by how closely the metric that has the issue follows theirs. Nodes that no program reports,
addresses and clients as their callers see them, are ranked too, and once left out. With one root cause for all issues,
its figures are no test on unseen cases: after a first look a service's failures came to count by the near ends of their
intervals, callees came to be taken out of a node's time as they are now, and such nodes to be left out once.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.services
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llmscope
from llmscope.analysis.services import rank_services

HOURS = {"08": "08:43:04", "09": "09:25:39", "10": "10:04:34", "13": "13:31:54", "14": "14:23:31"}
"""Of the faults of each hour, the one that the traces are of."""
DAY = "2023-01-29"
HALVES = 40


def main() -> None:
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("LLMSCOPE_REAL_DATA names no folder: no real services to measure on.")
        return
    _trainticket(Path(folder) / "nezha_trainticket")
    _petshop(Path(folder) / "petshop_rca")


def _trainticket(folder: Path) -> None:
    scope = llmscope.open()
    scope.load(sorted(folder.glob("*_trace.csv.gz")), columns={"service": "PodName"})
    scope.load(_open_metrics(folder), format="prometheus")
    free = "file.name LIKE 'construct%'"
    faults = json.loads((folder / f"{DAY}-fault_list.json").read_text())
    ranks: dict[str, list[int | None]] = {"the fault-free run": [], "the minutes before": []}
    claimed = dict.fromkeys(ranks, 0)
    for hour, at in HOURS.items():
        fault = next(one for one in faults[hour] if one["inject_time"].endswith(at))
        begin = pd.Timestamp(f"{DAY} {at}")
        incident = scope.where(f"NOT ({free})").between(begin, begin + pd.Timedelta("4min"))
        baselines = {
            "the fault-free run": scope.where(free),
            "the minutes before": scope.where(f"NOT ({free})").between(begin - pd.Timedelta("4min"), begin),
        }
        for name, baseline in baselines.items():
            start = time.perf_counter()
            found = incident.services().explain(baseline)
            took = time.perf_counter() - start
            names = found.frame["service"].tolist()
            rank = names.index(fault["inject_pod"]) + 1 if fault["inject_pod"] in names else None
            ranks[name].append(rank)
            claimed[name] += len(found.found) > 0
            first = found.found.iloc[0]["service"] if len(found.found) else "nothing"
            print(
                f"  {fault['inject_pod']} {fault['inject_type']}, against {name}: place {rank} of {len(names)}, "
                f"told first: {first}; {took:.1f} s"
            )
    for name, places in ranks.items():
        first, third = (sum(place is not None and place <= most for place in places) for most in (1, 3))
        print(
            f"TrainTicket, against {name}: faulty service first in {first} of {len(places)}, among the first three in "
            f"{third}; something is told in {claimed[name]}"
        )
    _halves(scope.where(free))


def _open_metrics(folder: Path) -> bytes:
    """Return the pods' metrics, which are a table with a column for each, as OpenMetrics with a label for the pod."""
    lines = []
    for path in sorted(folder.glob("*metric__ts-*.csv.gz")):
        table = pd.read_csv(path)
        for name in ("CpuUsageRate(%)", "MemoryUsageRate(%)", "NetworkReceiveBytes", "NetworkTransmitBytes"):
            metric = re.sub(r"\W+", "_", name).strip("_")
            lines += [
                f'{metric}{{pod="{pod}"}} {value} {when}'
                for pod, value, when in zip(table["PodName"], table[name], table["TimeStamp"], strict=True)
                if np.isfinite(value)
            ]
    names = sorted({line.partition("{")[0] for line in lines})
    grouped = [
        part
        for name in names
        for part in (f"# TYPE {name} gauge", *(line for line in lines if line.startswith(f"{name}{{")))
    ]
    return ("\n".join([*grouped, "# EOF"]) + "\n").encode()


def _halves(scope: llmscope.Scope) -> None:
    from llmscope.answers.services import _visits

    stays = _visits(scope._selection, "service")  # noqa: SLF001  (visits are what is split)
    traces = np.array(sorted(stays["trace_id"].unique()))
    rng = np.random.default_rng(7)
    told = 0
    for _ in range(HALVES):
        half = set(rng.permutation(traces)[: len(traces) // 2])
        inside = stays["trace_id"].isin(half)
        told += (rank_services(stays[~inside], stays[inside], len(traces) // 2)["change"] != "same").any()
    print(f"TrainTicket, fault-free run split at random: a service is told in {told} of {HALVES} splits")


def _petshop(folder: Path) -> None:
    rows = []
    quiet = _nodes(folder / "low_traffic" / "noissue")
    for traffic in ("low_traffic", "high_traffic"):
        graph = pd.read_csv(folder / traffic / "graph.csv", index_col=0)
        usual = quiet.groupby("service")[["ms", "failed"]].median().to_dict("index")
        calm = _own(quiet, graph, usual)
        for place in sorted((folder / traffic / "train").iterdir()):
            issue, nodes = json.loads((place / "target.json").read_text()), _nodes(place)
            target, when = issue["target"], issue["target"]["timestamp"]
            times = sorted(nodes["time"].unique())
            near = [one for one in times if one >= when][:2]  # a time is the end of its five minutes
            after = _own(nodes[nodes["time"].isin(near)], graph, usual)
            before = pd.concat([calm, _own(nodes[nodes["time"] < min(near)], graph, usual)])
            begin = time.perf_counter()
            site = before[before["service"] == target["node"]]
            ranked = rank_services(before, after, int(site["n"].sum()))["service"].tolist()
            took = time.perf_counter() - begin
            truth = issue["root_cause"]["node"]
            ways = ranked, _correlated(pd.concat([quiet, nodes]), target)
            for nodes_of, skipped in (("all nodes", ()), ("instrumented nodes", ("_remote", "_client"))):
                places = [_place(truth, [name for name in way if not name.endswith(skipped)]) for way in ways]
                rows.append((nodes_of, target["metric"], *places, took))
    table = pd.DataFrame(rows, columns=["nodes", "metric", "ranked", "correlated", "took"])
    for (nodes_of, metric), part in [
        *table.groupby(["nodes", "metric"]),
        *(((n, "all"), p) for n, p in table.groupby("nodes")),
    ]:
        told = [
            f"{way} first in {(part[way] == 1).sum()}, among the first three in {(part[way] <= 3).sum()}"
            for way in ("ranked", "correlated")
        ]
        took = part["took"].median()
        print(f"PetShop, {nodes_of}, {metric} ({len(part)} issues): {'; '.join(told)}; {took:.2f} s a case")


def _place(name: str, ranking: list[str]) -> int:
    return ranking.index(name) + 1 if name in ranking else len(ranking) + 1


def _nodes(place: Path) -> pd.DataFrame:
    """Return one row per node and interval: mean ``ms``, ``failed`` (share) and ``n`` (requests)."""
    wide = pd.read_csv(place / "metrics.csv", header=[0, 1, 2], index_col=0)
    columns = {("latency", "Average"): "ms", ("availability", "Average"): "failed", ("requests", "Sum"): "n"}
    parts = [
        pd.DataFrame(
            {
                "time": wide.index,
                "service": node,
                "what": columns[metric, statistic],
                "value": wide[node, metric, statistic].to_numpy(),
            }
        )
        for node, metric, statistic in wide.columns
        if (metric, statistic) in columns
    ]
    table = pd.concat(parts).pivot_table(index=["time", "service"], columns="what", values="value").reset_index()
    table["ms"] *= 1000
    table["failed"] = 1 - table["failed"].fillna(100) / 100
    return table[table["n"] > 0].reset_index(drop=True)


def _own(nodes: pd.DataFrame, graph: pd.DataFrame, usual: dict[Any, Any]) -> pd.DataFrame:
    """Return a node's time and failures as they were had its callees done as usual, in each interval."""
    callees = {str(node): graph.columns[graph.loc[node] == 1].tolist() for node in graph.index}
    callers = {str(node): graph.index[graph[node] == 1].tolist() for node in graph.columns}
    rows = []
    for _, part in nodes.groupby("time"):
        known = {row["service"]: row for row in part.to_dict("records")}
        for node, row in known.items():
            ms, failed = row["ms"], row["failed"]
            for callee in callees.get(node, []):
                if callee not in known or callee not in usual:
                    continue
                total = sum(known[caller]["n"] for caller in callers[callee] if caller in known)
                each = known[callee]["n"] / total
                ms -= each * (known[callee]["ms"] - usual[callee]["ms"])
                failed -= each * (known[callee]["failed"] - usual[callee]["failed"])
            rows.append((node, max(ms, 0.0), min(max(failed, 0.0), 1.0), row["n"]))
    own = pd.DataFrame(rows, columns=["service", "own_ms", "failed", "n"])
    return own.dropna(subset="own_ms").assign(kind="all")


def _correlated(nodes: pd.DataFrame, target: dict[str, str]) -> list[str]:
    """Rank nodes other than the one with the issue by how closely its metric follows theirs."""
    what = {"latency": "ms", "availability": "failed"}[target["metric"]]
    wide = nodes.pivot_table(index="time", columns="service", values=what)
    follows = wide.drop(columns=target["node"]).corrwith(wide[target["node"]]).abs()
    return [str(name) for name in follows.fillna(0).sort_values(ascending=False, kind="stable").index]


if __name__ == "__main__":
    main()

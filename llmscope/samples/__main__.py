"""``python -m llmscope.samples FOLDER``: write samples in all formats, by default the small set in ``data/samples``."""

from __future__ import annotations

import argparse

from llmscope.samples import FORMATS, write

SMALL: int = 6_500
"""Spans of the small set."""


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(prog="python -m llmscope.samples", description=__doc__)
    parser.add_argument("folder", help="where to write")
    parser.add_argument("--spans", type=int, default=SMALL, help="about how many spans (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default: %(default)s)")
    parser.add_argument("--plain", action="store_true", help="write .jsonl, not .jsonl.gz")
    given = parser.parse_args()
    write(given.folder, spans=given.spans, seed=given.seed, formats=FORMATS, compress=not given.plain)


if __name__ == "__main__":
    main()

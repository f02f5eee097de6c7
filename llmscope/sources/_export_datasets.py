"""Hugging Face datasets out: a directory for ``datasets.load_from_disk``."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from llmscope.errors import UnreadableFileError
from llmscope.sources.datasets import require
from llmscope.sources.stored import TABLES


def write(path: Path, streams: Mapping[str, Iterator[pa.RecordBatch]]) -> None:
    """Write one split for each table that has rows.

    Raises:
        LlmscopeError: The package ``datasets`` is not installed.
        UnreadableFileError: The directory holds something else.
    """
    require()
    import datasets
    from datasets.arrow_writer import ArrowWriter

    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / "dataset_dict.json").is_file())):
        raise UnreadableFileError(f"{path}: it holds something that is no saved dataset. Choose another place.")
    with tempfile.TemporaryDirectory(prefix=".llmscope-", dir=path.parent) as work:
        done = Path(work) / "done"
        done.mkdir()
        splits = []
        for name, stream in streams.items():
            schema = TABLES[name].arrow
            rows = Path(work) / f"{name}.arrow"
            with ArrowWriter(path=str(rows), schema=schema) as writer:
                for batch in stream:
                    writer.write_table(pa.Table.from_batches([batch]))
                written, _ = writer.finalize()
            if written or name == "spans":
                _save(datasets.Dataset.from_file(str(rows)), done / name)
                splits.append(name)
        (done / "dataset_dict.json").write_text(json.dumps({"splits": splits}))
        if path.exists():
            shutil.rmtree(path)
        done.replace(path)


def _save(dataset: Any, path: Path) -> None:
    """Save without the bars that ``datasets`` would draw for each file."""
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        dataset.save_to_disk(str(path))
    finally:
        if shown:
            enable_progress_bars()

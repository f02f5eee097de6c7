"""``write`` is the whole interface: where files go, what it refuses, and that it never changes its mind."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from llmscope.errors import LlmscopeError
from llmscope.samples import FORMATS, generate, write
from llmscope.samples.__main__ import SMALL, main

DATA = Path(__file__).parents[2] / "data" / "samples"

PINNED = {
    "otlp/traces.jsonl": "7eb0856ee78fb059d4c744edae24fb82e3c322ff7cc1ff8aba81fca5e887da54",
    "otlp/metrics.jsonl": "f7ffc99e6aaf1b967483497ec579fdfb019b23009ae2fc5b11374c22f2087f1b",
    "formats/openinference.jsonl": "32fe0c8e5c87898cea9bfccb6f6f06ee9ce7a8a17062c9d55775023fc19309ee",
    "formats/chat.jsonl": "07f87a9a5e9fd426082af481f9acea52a2c717ae2af9f1c4d8481b02962bebec",
    "truth.json": "3d9b9487741061024608ebcbbdff727ffe2c21a4c84b44d25f90098e99218a9f",
}
"""SHA-256 of the small set, decompressed. It changes only when the samples are changed on purpose: then write them anew with
``python -m llmscope.samples data/samples`` and pin what the failing test shows."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("fresh"), spans=SMALL, formats=FORMATS)


def test_the_small_set_has_the_same_bytes_on_every_machine(fresh: Path) -> None:
    assert {name: hashlib.sha256((fresh / name).read_bytes()).hexdigest() for name in PINNED} == PINNED


@pytest.mark.parametrize("name", sorted(set(PINNED) - {"truth.json"}))
def test_data_samples_is_what_the_generator_writes(fresh: Path, name: str) -> None:
    assert gzip.decompress((DATA / f"{name}.gz").read_bytes()) == (fresh / name).read_bytes()


def test_the_truth_and_the_table_of_data_samples_are_what_the_generator_writes(fresh: Path) -> None:
    assert (DATA / "truth.json").read_bytes() == (fresh / "truth.json").read_bytes()
    name = "formats/requests.parquet"
    assert pq.read_table(DATA / name).equals(pq.read_table(fresh / name))


def test_data_samples_is_small_and_explains_every_file() -> None:
    files = [path for path in DATA.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    told = (DATA / "README.md").read_text("utf-8")
    for path in files:
        assert path.name in told


def test_otlp_and_metrics_stand_alone_so_that_loading_the_folder_doubles_nothing(tmp_path: Path) -> None:
    assert write(tmp_path / "a" / "b", spans=300) == tmp_path / "a" / "b"
    names = sorted(str(path.relative_to(tmp_path / "a" / "b")) for path in tmp_path.rglob("*") if path.is_file())
    assert names == ["otlp/metrics.jsonl", "otlp/traces.jsonl", "truth.json"]


def test_compressed_files_hold_the_same_and_carry_no_time(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain", spans=300, formats=("otlp",)) / "otlp" / "traces.jsonl"
    packed = write(tmp_path / "packed", spans=300, formats=("otlp",), compress=True) / "otlp" / "traces.jsonl.gz"
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.read_bytes()[4:8] == bytes(4)


def test_another_seed_gives_other_traffic(tmp_path: Path) -> None:
    one, two = ({request.trace_id for request in generate(300, seed)} for seed in (7, 8))
    assert not one & two


def test_writing_twice_replaces(tmp_path: Path) -> None:
    first = write(tmp_path, spans=300, formats=("otlp",)) / "otlp" / "traces.jsonl"
    before = first.read_bytes()
    write(tmp_path, spans=300, formats=("otlp",))
    assert first.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"formats": ("csv",)}, "Unknown sample format 'csv'; there are otlp, metrics"),
        ({"spans": 0}, "at least 1 span"),
        ({"seed": -1}, "seed from 0"),
    ],
)
def test_what_makes_no_sense_is_an_error_before_anything_is_written(tmp_path: Path, given: dict, told: str) -> None:
    with pytest.raises(LlmscopeError, match=told):
        write(tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()


def test_the_module_writes_every_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["samples", str(tmp_path), "--spans", "200", "--seed", "1"])
    main()
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {f"{name}.gz" for name in PINNED if name != "truth.json"} | {
        "truth.json", "formats/requests.parquet",
    }  # fmt: skip

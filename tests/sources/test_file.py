import gzip
import hashlib
import io
import os

import pytest
import zstandard

from llmscope import sources
from llmscope.errors import UnreadableFileError
from llmscope.sources import _compressed

LINES = b'{"messages": [{"role": "user", "content": "Hello"}]}\n' * 2_000


@pytest.mark.parametrize("squeeze", [gzip.compress, zstandard.compress, lambda data: data])
def test_compression_is_told_from_the_first_bytes_whatever_the_name(tmp_path, squeeze):
    path = tmp_path / "chat.jsonl"
    path.write_bytes(squeeze(LINES))
    file = sources.File(path)
    assert file.open().read() == LINES
    assert file.head == LINES[:65_536]
    assert file.damage is None


def test_the_hash_and_size_are_those_of_the_bytes_as_stored(tmp_path):
    stored = gzip.compress(LINES)
    path = tmp_path / "chat.jsonl.gz"
    path.write_bytes(stored)
    file = sources.File(path)
    assert file.size == len(stored)
    assert file.sha256 == hashlib.sha256(stored).hexdigest()


def test_gzip_members_and_zstd_frames_one_after_another_are_one_content():
    halves = LINES[:40_000], LINES[40_000:]
    assert sources.File(gzip.compress(halves[0]) + gzip.compress(halves[1])).open().read() == LINES
    assert sources.File(zstandard.compress(halves[0]) + zstandard.compress(halves[1])).open().read() == LINES
    assert sources.File(gzip.compress(LINES) + b"\0" * 512).open().read() == LINES


@pytest.mark.parametrize("squeeze", [gzip.compress, zstandard.compress])
def test_what_stands_before_a_cut_is_kept_and_the_damage_is_told(squeeze):
    content = os.urandom(300_000).hex().encode()
    file = sources.File(squeeze(content)[:150_000])
    kept = file.open().read()
    assert content.startswith(kept)
    assert len(kept) > 100_000
    assert "ends early" in file.damage


def test_corrupt_gzip_keeps_what_comes_before_the_fault():
    stored = bytearray(gzip.compress(os.urandom(400_000).hex().encode()))
    stored[250_000:250_100] = b"\xff" * 100
    file = sources.File(bytes(stored))
    assert len(file.open().read()) > 100_000
    assert "corrupt" in file.damage


def test_a_decompression_bomb_is_stopped_with_an_explanation(monkeypatch):
    monkeypatch.setattr(_compressed, "FREE_BYTES", 1_000_000)
    bomb = sources.File(gzip.compress(b"\0" * 50_000_000), name="bomb.gz")
    with pytest.raises(UnreadableFileError, match=r"bomb\.gz.*decompression bomb.*decompress it first"):
        bomb.open().read()


def test_progress_adds_up_to_the_stored_size_and_the_head_is_not_counted(tmp_path):
    stored = gzip.compress(os.urandom(1_000_000).hex().encode())
    path = tmp_path / "chat.jsonl"
    path.write_bytes(stored)
    file = sources.File(path)
    told = []
    file.on_bytes = told.append
    assert file.head
    assert file.sha256
    assert told == []
    with file.open() as stream:
        while stream.read(50_000):
            pass
    assert sum(told) == len(stored)
    assert len(told) > 3


def test_a_stream_is_read_once_and_can_be_opened_many_times():
    file = sources.File(io.BytesIO(LINES))
    assert file.open().read() == file.open().read() == LINES


def test_a_large_stream_is_spilled_to_disk_and_cleaned_up(monkeypatch):
    monkeypatch.setattr("llmscope.sources._file._HELD_BYTES", 1_000)
    file = sources.File(io.BytesIO(LINES))
    spilled = file._spilled
    assert file.size == len(LINES)
    assert file.open().read() == LINES
    del file
    assert not spilled.exists()


def test_a_text_stream_is_refused_with_what_to_do():
    with pytest.raises(UnreadableFileError, match="mode 'rb'"):
        sources.File(io.StringIO("text"))


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = tmp_path / "secret.jsonl"
    path.write_bytes(LINES)

    def denied(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", denied)
    with pytest.raises(UnreadableFileError, match=r"secret\.jsonl.*no permission"):
        sources.File(path).open()

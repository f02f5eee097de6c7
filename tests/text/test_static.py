"""The fast model: distilled once out of a contextual one, kept, and never a half of it."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import tokenizers

from llmscope.errors import EmbeddingError
from llmscope.text import static
from llmscope.text.embeddings import embed
from llmscope.text.models import DEFAULT, fast, model

torch = pytest.importorskip("torch")

WORDS = ["[UNK]", "[CLS]", "[SEP]", "the", "where", "is", "my", "order", "parcel", "refund", "заказ", "##s"]


class Teacher:
    """A contextual model of twelve tokens, in which an order and a parcel are nearly the same."""

    device = torch.device("cpu")

    def __init__(self):
        self.asked = 0
        backend = tokenizers.Tokenizer(tokenizers.models.WordPiece({word: n for n, word in enumerate(WORDS)}))
        backend.normalizer = tokenizers.normalizers.BertNormalizer()
        backend.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
        frame = tokenizers.processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
        backend.post_processor = frame
        backend.enable_truncation(4)
        self.tokenizer = Tokenizer(backend)
        vectors = np.random.default_rng(0).normal(size=(len(WORDS), 6)).astype(np.float32)
        vectors[WORDS.index("parcel")] = vectors[WORDS.index("order")] * 1.05
        self.vectors = torch.from_numpy(vectors)

    def __getitem__(self, number):
        assert number == 0
        return self.forward

    def forward(self, features):
        self.asked += 1
        ids = features["input_ids"]
        assert ids.shape[1] == 3
        assert (ids[:, 0] == 1).all()
        assert (ids[:, 2] == 2).all()
        return {"token_embeddings": self.vectors[ids]}


class Tokenizer:
    def __init__(self, backend):
        self.backend_tokenizer = backend
        self._special_twin = tokenizers.Tokenizer.from_str(backend.to_str())

    def __call__(self, text, add_special_tokens):
        return {"input_ids": self._special_twin.encode("the", add_special_tokens=add_special_tokens).ids}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(static, "_PACKAGED", tmp_path / "no package")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_args, **_options: tmp_path / "cache")
    return tmp_path / "cache" / "static"


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_tokens_that_a_contextual_model_holds_alike_make_texts_alike():
    vectors = unit(static.Static("t", Teacher)(["where is my order", "WHERE is my parcel?", "the refund"]))
    assert vectors[0] @ vectors[1] > 0.9 > vectors[0] @ vectors[2]


def test_it_is_distilled_once_and_then_read_the_same():
    first = static.Static("t", Teacher)(["where is my order", "заказ"])

    def never():
        raise AssertionError

    np.testing.assert_array_equal(static.Static("t", never)(["where is my order", "заказ"]), first)
    with pytest.raises(AssertionError):
        static.Static("another", never)


@pytest.mark.parametrize("rest", [b"", b"no weights", None])
def test_a_cache_that_is_cut_short_is_made_anew(cache, rest):
    first = static.Static("t", Teacher)(["my order"])
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if rest is None else rest)
    np.testing.assert_array_equal(static.Static("t", Teacher)(["my order"]), first)
    assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_a_warning(cache):
    cache.parent.parent.joinpath("cache").write_text("a file, not a folder")
    with pytest.warns(UserWarning, match=r"could not be kept.*XDG_CACHE_HOME"):
        made = static.Static("t", Teacher)
    assert made(["my order"]).shape == (1, 6)


def test_two_that_distil_at_once_leave_one_whole_file(cache):
    start = threading.Barrier(2)

    def teacher():
        start.wait(timeout=30)
        return Teacher()

    both = [threading.Thread(target=static.Static, args=("t", teacher)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    (path,) = cache.iterdir()
    assert path.suffix == ".npz"
    assert static._kept("t") is not None


def test_a_text_is_read_to_its_end_and_parts_change_nothing(monkeypatch):
    made = static.Static("t", Teacher)
    texts = ["the " * 1_999 + "order", "the " * 1_999 + "refund", "", "\u200b", "my order", "語"]
    whole = made(texts)
    assert not np.allclose(whole[0], whole[1])
    assert not whole[2].any()
    assert np.isfinite(whole).all()
    monkeypatch.setattr(static, "_CHARACTERS", 10)
    np.testing.assert_array_equal(made(texts), whole)
    assert made([]).shape == (0, 6)


def test_what_has_no_vocabulary_cannot_be_distilled():
    class Slow(Teacher):
        def __init__(self):
            super().__init__()
            self.tokenizer = SimpleNamespace()

    with pytest.raises(EmbeddingError, match=r"no fast tokenizer.*model="):
        static.Static("slow", Slow)


def test_a_published_static_model_is_taken_as_it_is():
    modules = pytest.importorskip("sentence_transformers.sentence_transformer.modules")
    backend = Teacher().tokenizer.backend_tokenizer
    weights = np.random.default_rng(1).normal(size=(len(WORDS), 8)).astype(np.float32)
    published = [modules.StaticEmbedding(backend, embedding_weights=weights)]
    made = static.Static("published", lambda: published)(["my order"])
    want = unit(weights[[WORDS.index("my")]] + weights[[WORDS.index("order")]])
    np.testing.assert_allclose(unit(made), want, atol=1e-3)


def test_the_fast_model_beside_any_other():
    assert fast().name == fast(DEFAULT).name == model("static").name == fast("static").name
    assert model("static:some/other").name == fast("some/other").name != model("some/other").name
    words = fast(len)
    assert (words.name, words.kept) == ("len", False)
    assert fast(words) is words
    assert model(words) is words


def test_by_name_it_embeds_and_keeps_under_a_name_of_its_own(counted, monkeypatch):
    monkeypatch.setattr("llmscope.text.models.load", lambda _name: Teacher())
    selection = counted([{"input": "where is my order"}, {"input": "the refund"}])
    found = embed(selection, given="static")
    assert found.model == f"static-{static.RECIPE}:{DEFAULT}"
    kept = {row[0] for row in selection.store.connection.execute("SELECT model FROM embeddings").fetchall()}
    assert kept == {found.model}


def test_numbers_are_kept_within_half_a_step_of_the_largest_of_a_token():
    weights = np.random.default_rng(2).normal(size=(len(WORDS), 5)) * np.logspace(-6, 3, len(WORDS))[:, None]
    weights[0] = 0
    tokenizer, kept = static._unpacked(static._packed(Teacher().tokenizer.backend_tokenizer.to_str(), weights))
    assert tokenizer.get_vocab_size() == len(WORDS)
    assert (np.abs(kept - weights) <= np.abs(weights).max(axis=1, keepdims=True) / 14 + 1e-9).all()

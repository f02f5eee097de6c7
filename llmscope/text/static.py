"""A fast model for all of the traffic: a contextual one distilled to one vector per token, summed by text.

What is distilled is kept in the user's cache folder, one file per model, which sentence-transformers can read as the
weights of a ``StaticEmbedding``.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from tqdm.auto import tqdm

from llmscope.errors import EmbeddingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECIPE: Final = 1
"""Raised when the same model would give other vectors, so that those of before are not mixed with them."""

WIDTH: Final = 256
"""Principal components of the token vectors that are kept."""

_RARE: Final = 3e-5
"""Tokens this probable weigh half (Arora, Liang, Ma 2017): on two data sets this kept most of the neighbours."""

_TOKENS: Final = 1_024
"""Tokens that go through the model at once."""

_CHARACTERS: Final = 2_000_000
"""Characters that are cut into tokens at once, which bounds the memory."""

_WEIGHTS: Final = "embedding.weight"
_TOKENIZER: Final = "tokenizer"


class Static:
    """One vector per token; called with texts, it returns the sums of theirs, one row per text.

    A text is read to its end, whatever the contextual model reads. Where no token is known the row is zero.

    Args:
        name: Of the model that is distilled, told from every other one.
        teacher: Loads that model, called only where nothing is kept.
    """

    def __init__(self, name: str, teacher: Callable[[], Any]) -> None:
        self._tokenizer, self._weights = _kept(name) or _distilled_and_kept(name, teacher)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, of any length."""
        parts = [self._sums(part) for part in _parts(texts)]
        return np.concatenate(parts) if parts else np.empty((0, self._weights.shape[1]), np.float32)

    def _sums(self, texts: Sequence[str]) -> NDArray[np.float32]:
        from scipy.sparse import csr_array

        tokens = [coded.ids for coded in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        ends = np.cumsum([0, *map(len, tokens)])
        flat = np.concatenate([np.asarray(ids, np.int32) for ids in tokens])
        counts = csr_array((np.ones(len(flat), np.float32), flat, ends), (len(texts), len(self._weights)))
        return np.asarray(counts @ self._weights, np.float32)


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for text in texts:
        if part and size + len(text) > _CHARACTERS:
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text)
    if part:
        yield part


def _distilled_and_kept(name: str, teacher: Callable[[], Any]) -> tuple[Any, NDArray[np.float32]]:
    model = teacher()
    first = model[0]
    published = type(first).__name__ == "StaticEmbedding"
    tokenizer, weights = (first.tokenizer, _own(first)) if published else _distilled(name, model)
    try:
        _keep(name, tokenizer, weights)
    except OSError as error:
        warnings.warn(
            f"The static model could not be kept ({error}), so it will be distilled again the next time; set "
            "XDG_CACHE_HOME to a folder that can be written.",
            stacklevel=2,
        )
    return tokenizer, weights.astype(np.float32)


def _own(published: Any) -> NDArray[np.float16]:
    weights: NDArray[np.float16] = published.embedding.weight.detach().cpu().numpy().astype(np.float16)
    return weights


def _distilled(name: str, model: Any) -> tuple[Any, NDArray[np.float16]]:
    """Run every token of the vocabulary through the model, alone, and keep what sets the tokens apart.

    The recipe of model2vec (Tulkens, van Dongen 2024): means over the states, principal components, and weights by
    rank, since vocabularies are in the order of frequency (Zipf).
    """
    from tokenizers import Tokenizer

    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EmbeddingError(
            f"{name} has no fast tokenizer, so no static model can be distilled from it. Pass model=… with the name of "
            "a published static model, or of another contextual one."
        )
    vectors = _token_vectors(name, model)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :WIDTH]
    axes *= np.where(axes.sum(axis=0) < 0, -1, 1)  # an axis has no sign of its own
    probability = 1 / np.arange(1, len(vectors) + 1)
    probability /= probability.sum()
    weight = _RARE / (_RARE + probability)
    return Tokenizer.from_str(backend.to_str()), (centred @ axes * weight[:, None]).astype(np.float16)


def _token_vectors(name: str, model: Any) -> NDArray[np.float32]:
    import torch

    first = model[0]
    before, after = _frame(model.tokenizer)
    count = model.tokenizer.backend_tokenizer.get_vocab_size()
    parts = []
    what = f"Distilling a static model of {name}, once, on {model.device}"
    with torch.inference_mode(), tqdm(total=count, desc=what, unit=" tokens", delay=1, leave=False) as bar:
        for begin in range(0, count, _TOKENS):
            rows = [[*before, token, *after] for token in range(begin, min(begin + _TOKENS, count))]
            ids = torch.tensor(rows, device=model.device)
            states = first({"input_ids": ids, "attention_mask": torch.ones_like(ids)})["token_embeddings"]
            parts.append(states.float().mean(dim=1).cpu().numpy())
            bar.update(len(rows))
    return np.concatenate(parts)


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the tokens that stand before and after every text."""
    whole, bare = (tokenizer("a", add_special_tokens=special)["input_ids"] for special in (True, False))
    begin = next((at for at in range(len(whole)) if whole[at : at + len(bare)] == bare), 0)
    return whole[:begin], whole[begin + len(bare) :]


def _file(name: str) -> Path:
    from platformdirs import user_cache_path

    digest = hashlib.sha256(f"{RECIPE} {name}".encode()).hexdigest()[:16]
    return user_cache_path("llmscope", appauthor=False) / "static" / f"{digest}.safetensors"


def _kept(name: str) -> tuple[Any, NDArray[np.float32]] | None:
    """Return what was distilled before; None where that was never done or cannot be read."""
    try:
        from safetensors import safe_open
        from tokenizers import Tokenizer

        with safe_open(_file(name), "np") as file:
            weights = np.asarray(file.get_tensor(_WEIGHTS), np.float32)
            tokenizer = Tokenizer.from_str(file.metadata()[_TOKENIZER])
    except Exception:  # noqa: BLE001 - absent, cut short or of another kind: it is made anew
        return None
    whole = weights.ndim == 2 and len(weights) >= tokenizer.get_vocab_size() and np.isfinite(weights).all()
    return (tokenizer, weights) if whole else None


def _keep(name: str, tokenizer: Any, weights: NDArray[np.float16]) -> None:
    """Write it in one step, so that another process that distils at the same time finds all of it or nothing."""
    from safetensors.numpy import save

    path = _file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(save({_WEIGHTS: weights}, {_TOKENIZER: tokenizer.to_str()}))
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise

"""A fast model for all of the traffic: a contextual one distilled to one vector per token, summed by text.

The one of the default model comes with this package, so that texts can be compared where nothing else is installed and
no hub can be reached: ``python -m llmscope.text.static`` made it. Those of other models are kept in the user's cache
folder. Token vectors are kept in four bits a number: on CLINC150 that finds as many of the contextual model's
neighbours as 32 bits do.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from tqdm.auto import tqdm

from llmscope.errors import EmbeddingError
from llmscope.text.models import DEFAULT

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECIPE: Final = 2
"""Raised when the same model would give other vectors, so that those of before are not mixed with them."""

WIDTH: Final = 256
"""Principal components of the token vectors that are kept."""

_RARE: Final = 3e-5
"""Tokens this probable weigh half (Arora, Liang, Ma 2017): on two data sets this kept most of the neighbours."""

_TOKENS: Final = 1_024
"""Tokens that go through the model at once."""

_CHARACTERS: Final = 2_000_000
"""Characters that are cut into tokens at once, which bounds the memory."""

_STEPS: Final = 7
"""A number of a token's vector is kept as a whole number from minus to plus this, beside the size of one step."""

_PACKAGED: Final = Path(__file__).parent / "weights" / "all-MiniLM-L6-v2.npz"
"""The static model of the default one."""


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
    if type(first).__name__ == "StaticEmbedding":  # published: it is taken as it is
        return first.tokenizer, first.embedding.weight.detach().cpu().numpy().astype(np.float32)
    content = _packed(*_distilled(name, model))
    try:
        _keep(name, content)
    except OSError as error:
        warnings.warn(
            f"The static model could not be kept ({error}), so it will be distilled again the next time; set "
            "XDG_CACHE_HOME to a folder that can be written.",
            stacklevel=2,
        )
    return _unpacked(content)


def _distilled(name: str, model: Any) -> tuple[str, NDArray[np.float64]]:
    """Run every token of the vocabulary through the model, alone, and keep what sets the tokens apart.

    The recipe of model2vec (Tulkens, van Dongen 2024): means over the states, principal components, and weights by
    rank, since vocabularies are in the order of frequency (Zipf).
    """
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
    return backend.to_str(), centred @ axes * weight[:, None]


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


def _packed(tokenizer: str, weights: NDArray[np.float64]) -> bytes:
    """Return a tokenizer in JSON and the vectors of its tokens as one file: two numbers to a byte."""
    step = np.maximum(np.abs(weights).max(axis=1, keepdims=True) / _STEPS, np.finfo(np.float32).tiny)
    whole = np.rint(weights / step).astype(np.int8) + _STEPS
    whole = np.pad(whole, ((0, 0), (0, whole.shape[1] % 2))).astype(np.uint8)
    file = io.BytesIO()
    np.savez_compressed(
        file,
        numbers=whole[:, ::2] << 4 | whole[:, 1::2],
        step=step.astype(np.float32),
        width=np.int64(weights.shape[1]),
        recipe=np.int64(RECIPE),
        tokenizer=np.frombuffer(tokenizer.encode(), np.uint8),
    )
    return file.getvalue()


def _unpacked(content: bytes) -> tuple[Any, NDArray[np.float32]]:
    from tokenizers import Tokenizer

    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        if int(file["recipe"]) != RECIPE:
            raise ValueError("made in another way: the packaged one is made anew by python -m llmscope.text.static")
        numbers = file["numbers"]
        whole = np.stack([numbers >> 4, numbers & 15], axis=2).reshape(len(numbers), -1)[:, : int(file["width"])]
        weights = (whole.astype(np.float32) - _STEPS) * file["step"]
        return Tokenizer.from_str(file["tokenizer"].tobytes().decode()), weights


def _file(name: str) -> Path:
    from platformdirs import user_cache_path

    digest = hashlib.sha256(f"{RECIPE} {name}".encode()).hexdigest()[:16]
    return user_cache_path("llmscope", appauthor=False) / "static" / f"{digest}.npz"


def _kept(name: str) -> tuple[Any, NDArray[np.float32]] | None:
    """Return what came with the package or was distilled before; None where neither is there or can be read."""
    for path in ([_PACKAGED] if name == DEFAULT else []) + [_file(name)]:
        with contextlib.suppress(Exception):  # absent, cut short or of another kind: it is made anew
            tokenizer, weights = _unpacked(path.read_bytes())
            if len(weights) >= tokenizer.get_vocab_size() and np.isfinite(weights).all():
                return tokenizer, weights
    return None


def _keep(name: str, content: bytes) -> None:
    """Write it in one step, so that another process that distils at the same time finds all of it or nothing."""
    path = _file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def main() -> None:
    """Distil the default model into this package."""
    from llmscope.text.models import load

    _PACKAGED.write_bytes(_packed(*_distilled(DEFAULT, load(DEFAULT))))


if __name__ == "__main__":
    main()

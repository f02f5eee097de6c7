"""The model that comes with the package runs wherever the package does."""

from __future__ import annotations

import subprocess
import sys

from llmscope.text import static
from llmscope.text.models import DEFAULT

ALONE = """
import sys
sys.modules.update(dict.fromkeys(("torch", "sentence_transformers", "transformers", "sklearn"), None))
from llmscope.text import models
models._contextual = lambda: False
made = models.model()
refund, money, weather = made.encode(["I want a refund", "give me my money back", "the weather in Paris"])
print(made.name, refund @ money > 2 * (refund @ weather))
"""


def test_one_comes_with_the_package_and_needs_nothing_else():
    said = subprocess.run([sys.executable, "-c", ALONE], check=True, capture_output=True, text=True).stdout
    assert said.split() == [f"static-{static.RECIPE}:{DEFAULT}", "True"]


def test_it_is_of_the_present_recipe_with_a_vector_for_every_token():
    tokenizer, weights = static._unpacked(static._PACKAGED.read_bytes())
    assert weights.shape == (tokenizer.get_vocab_size(), static.WIDTH)

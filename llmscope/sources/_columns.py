"""What a foreign column or key means: from names that people give to the columns of the store, and their units."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from llmscope import schema
from llmscope.sources import _values


@dataclass(frozen=True, slots=True)
class Target:
    """Where the values of a foreign column go.

    Attributes:
        column: A column of ``spans``, or one of ``status_code``, ``failed``, ``first_token_time`` and the counts of
            ``_tokens.MORE``, from which columns are derived, or ``score.<name>``.
        unit: Unit that the name tells, such as ``"ms"``; None when it tells none.
        rank: Order among columns that mean the same; the lowest is taken.
    """

    column: str
    unit: str | None = None
    rank: int = 0


_NAMES: Final[dict[str, str]] = {
    "trace_id": "trace_id traceid trace",
    "span_id": "span_id spanid",
    "parent_id": "parent_id parent_span_id parentid parent_run_id",
    "name": "span_name operation_name event event_name name call_type task_name",
    "operation": "operation gen_ai_operation_name",
    "start_time": "start_time start_timestamp started_at start time_start start_ts launch_time request_start_time "
    "request_created_at request_time requested_at request_timestamp sent_at begin_time begin time_unix_nano "
    "start_time_unix timestamp event_time event_timestamp ts time datetime date_time created_at created create_time "
    "creation_time logged_at log_time inserted_at arrival_time arrived_at date day",
    "end_time": "end_time end_timestamp ended_at end time_end end_ts end_time_unix finish_time finished_at finish "
    "completed_at response_created_at response_time_stamp response_timestamp stop_time",
    "duration_ms": "duration latency end_to_end_latency e2e_latency e2e total_latency request_latency request_duration "
    "response_latency model_latency llm_latency elapsed elapsed_time response_time total_time total_duration "
    "time_taken took runtime run_time execution_time processing_time wall_time delay openai_processing processing",
    "ttft_ms": "ttft time_to_first_token first_token_latency first_token_time time_to_first_chunk first_chunk_latency "
    "first_token",
    "first_token_time": "completion_start_time first_token_at",
    "input_tokens": "input_tokens prompt_tokens tokens_in tokens_prompt tokens_input context_tokens in_tokens "
    "prompt_eval_tokens prompt_eval_count input_length prompt_length input_len prompt_len",
    "output_tokens": "output_tokens completion_tokens generation_tokens generated_tokens tokens_out tokens_completion "
    "tokens_output answer_tokens response_tokens out_tokens candidates_tokens eval_tokens eval_count output_length "
    "completion_length response_length output_len",
    "cache_read_tokens": "cache_read_tokens cached_tokens cache_read_input_tokens cached_input_tokens "
    "cached_prompt_tokens prompt_cached_tokens prompt_cache_hit_tokens cached_content_tokens",
    "cache_write_tokens": "cache_write_tokens cache_creation_input_tokens cache_creation_tokens "
    "cache_write_input_tokens",
    "total_tokens": "total_tokens total_token_count",
    "tool_use_tokens": "tool_use_prompt_tokens",
    "cache_miss_tokens": "prompt_cache_miss_tokens",
    "reasoning_tokens": "reasoning_tokens thinking_tokens thoughts_tokens",
    "cost_usd": "cost request_cost response_cost price total_cost total_price spend usd",
    "model": "model model_name model_id request_model llm_model gen_ai_request_model main_model llm engine "
    "deployment_name deployment",
    "response_model": "response_model gen_ai_response_model model_version",
    "provider": "provider model_provider llm_provider custom_llm_provider api_provider vendor gen_ai_system "
    "gen_ai_provider_name",
    "service": "service service_name app_name application app",
    "environment": "environment env deployment_environment",
    "release": "release service_version app_version",
    "session_id": "session_id session conversation_id thread_id chat_id dialog_id dialogue_id conv_id sessionid",
    "user_id": "user_id userid user end_user enduser_id end_user_id request_user_id uid customer_id",
    "agent": "agent agent_name",
    "tool": "tool tool_name function_name",
    "finish_reason": "finish_reason stop_reason finish_reasons",
    "input": "input prompt query question user_query user_input user_message user_prompt input_text prompt_text "
    "request_text instruction human_input request",
    "output": "output answer response completion reply generation generated_text gen_text model_output response_text "
    "output_text model_response model_answer assistant_response assistant_message llm_response llm_output bot_response "
    "ai_response chatgpt_response gpt_response generated_answer final_answer prediction chosen",
    "error_type": "error_type error_code error_class exception_type exception error err",
    "error_message": "error_message error_msg error_str err_msg exception_message error_detail error_details "
    "failure_reason status_message",
    "status": "status outcome success succeeded is_success ok state",
    "failed": "is_error has_error failed is_failed errored",
    "status_code": "status_code http_status http_status_code response_status response_code http_code",
}

_SCORES: Final = frozenset({
    "score", "scores", "rating", "reward", "grade", "label", "correct", "is_correct", "correctness",
    "feedback", "user_feedback", "user_rating", "thumbs", "thumbs_up", "passed", "accuracy", "quality",
})  # fmt: skip

SCORE: Final = "score."
"""What the column of a score begins with."""

_RANKED: Final = {
    name: Target(column, rank=rank)
    for column, names in _NAMES.items()
    for rank, name in enumerate([column, *names.split()])
}
_LENGTHS: Final = ("duration_ms", "ttft_ms")
_TIMES: Final = ("start_time", "end_time", "first_token_time")
_SUFFIX: Final = re.compile(
    r"(.+?)_(?:in_)?(ms|msecs?|millis|milliseconds?|us|micros|microseconds?|ns|nanos?|nanoseconds?|s|secs?|seconds?|min|mins|minutes?)"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_COUNT: Final = re.compile(r"(?:number_of_|number_|num_|nb_|n_|total_)?(.+?)(?:_count|_number|_num)?")

_WRAPPERS: Final = frozenset({
    "usage", "token_usage", "reward_info", "usage_metadata", "metrics", "metric", "timing", "timings", "stats",
    "statistics", "properties", "data", "payload", "request", "response", "body", "result",
    "prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details",
    "input_token_details", "output_token_details",
})  # fmt: skip
"""Keys of objects whose members mean what they would mean at the top."""

_CONTEXTS: Final = frozenset({
    "metadata", "meta", "meta_data", "info", "extra", "tags", "attributes", "context", "user", "session",
    "labels",
})  # fmt: skip
"""Keys of objects in which only the following are taken for ours."""

_COHERE: Final = frozenset({"tokens", "billed_units"})
"""Keys of Cohere's counts: of what was read and written, and of what is paid for."""

_LANGCHAIN: Final = {
    "input_token_details.cache_read": Target("cache_read_tokens"),
    "input_token_details.cache_creation": Target("cache_write_tokens"),
    "output_token_details.reasoning": Target("reasoning_tokens"),
}

_JUDGEMENTS: Final = frozenset({"scores", "ratings", "evaluations", "evals", "grades"})
"""Keys of objects whose members are scores by name."""

_FROM_CONTEXT: Final = frozenset({"session_id", "user_id", "environment", "release", "service"})

STRONG: Final = frozenset(
    {"duration_ms", "ttft_ms", "input_tokens", "output_tokens", "cost_usd", "model", "response_model", "input",
     "output", "finish_reason", "trace_id"}
)  # fmt: skip
"""Columns of which at least one makes a table a log of an LLM application."""


@functools.lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """Return a name in lower case with words parted by ``_``.

    Example:
        >>> normal("ContextTokens"), normal("latency (ms)"), normal("TIMESTAMP")
        ('context_tokens', 'latency_ms', 'timestamp')
    """
    return re.sub(r"[^a-z0-9µ]+", "_", _CAMEL.sub("_", name).lower()).strip("_")


@functools.lru_cache(maxsize=4096)
def guess(name: str) -> Target | None:
    """Return what a foreign name most likely means, or None: then its values are an attribute.

    Args:
        name: Name of a column, or a key of nested JSON with its parts joined by dots.

    Example:
        >>> guess("end_to_end_latency_s")
        Target(column='duration_ms', unit='s', rank=3)
        >>> guess("number_input_tokens").column, guess("usage.prompt_tokens").column, guess("max_tokens")
        ('input_tokens', 'input_tokens', None)
    """
    target = _known(normal(name))
    if target is not None or "." not in name:
        return target
    parts = name.split(".")
    for depth in range(1, len(parts)):
        deep = _known(normal(".".join(parts[depth:]))) or _LANGCHAIN.get(".".join(parts[depth - 1 :]))
        if depth == len(parts) - 1 and normal(parts[-2]) in _JUDGEMENTS:
            return Target(f"{SCORE}{normal(parts[-1])}")
        if deep is None:
            continue
        around = {normal(part) for part in parts[:depth]}
        if normal(parts[depth - 1]) in _COHERE and around <= _WRAPPERS | _CONTEXTS | _COHERE:
            return Target(deep.column, deep.unit, deep.rank + 100 * depth + (parts[depth - 1] != "tokens"))
        if around <= _WRAPPERS or (deep.column in _FROM_CONTEXT and around <= _WRAPPERS | _CONTEXTS):
            return Target(deep.column, deep.unit, deep.rank + 100 * depth)
    return None


def _known(name: str) -> Target | None:
    if name in _SCORES or name.endswith("_score"):
        return Target(f"{SCORE}{name}")
    if name in _RANKED:
        found = _RANKED[name]
        return Target(found.column, "ms" if name in _LENGTHS else None, found.rank)
    if match := _SUFFIX.fullmatch(name):
        found = _RANKED.get(match[1])  # type: ignore[assignment] # None is told apart in the next line
        if found is not None and found.column in _LENGTHS + _TIMES:
            return Target(found.column, _values.unit(match[2]), found.rank)
    for ending, unit in (("_usd", "usd"), ("_dollars", "usd"), ("_cents", "cents")):
        if name.endswith(ending) and _is(name.removesuffix(ending), "cost_usd"):
            return Target("cost_usd", unit, _RANKED[name.removesuffix(ending)].rank)
    match = _COUNT.fullmatch(name)
    stem = match[1] if match else name
    if "token" in stem:
        counted = _RANKED.get(stem if stem.endswith("tokens") else f"{stem}s")
        if counted is not None:
            return Target(counted.column, None, counted.rank + 20)
    return None


def _is(name: str, column: str) -> bool:
    found = _RANKED.get(name)
    return found is not None and found.column == column


def known_targets() -> list[str]:
    """Return the names that a column mapping may use on its left side, for error messages."""
    return [*_RANKED, *schema.SPANS.names, "score.<name>"]

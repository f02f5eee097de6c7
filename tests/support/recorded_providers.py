"""One request and its answer of every provider, with what is read from them."""

from __future__ import annotations

from recorded_calls import ANSWER, CHAT

PROVIDERS = {
    "responses": (
        "https://api.openai.com/v1/responses",
        {"model": "gpt-4o", "instructions": "Be brief.", "input": "Say hi"},
        {"object": "response", "model": "gpt-4o", "status": "completed",
         "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi!"}]}],
         "usage": {"input_tokens": 22, "input_tokens_details": {"cached_tokens": 2}, "output_tokens": 6,
                   "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 28}},
        ("chat", "openai", "gpt-4o", 22, 6),
    ),
    "azure": (
        "https://mine.openai.azure.com/openai/deployments/gpt-4o-prod/chat/completions?api-version=2024-06-01",
        {"messages": [{"role": "user", "content": "Say hi"}]}, ANSWER,
        ("chat", "azure.ai.openai", "gpt-4o-prod", 12, 4),
    ),
    "anthropic": (
        "https://api.anthropic.com/v1/messages",
        {"model": "claude-sonnet-4", "system": "Be brief.", "messages": [{"role": "user", "content": "Say hi"}],
         "metadata": {"user_id": "u7"}},
        {"type": "message", "role": "assistant", "model": "claude-sonnet-4", "stop_reason": "end_turn",
         "content": [{"type": "text", "text": "Hi!"}],
         "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 5, "output_tokens": 4}},
        ("chat", "anthropic", "claude-sonnet-4", 105, 4),
    ),
    "gemini": (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "Say hi"}]}]},
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi!"}]}, "finishReason": "STOP"}],
         "modelVersion": "gemini-2.5-flash-001",
         "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 2, "thoughtsTokenCount": 30, "totalTokenCount": 40}},
        ("generate_content", "gcp.gemini", "gemini-2.5-flash", 8, 32),
    ),
    "vertex": (
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p/publishers/google/models/gemini-1.5-pro:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "Say hi"}]}]},
        {"candidates": [{"content": {"parts": [{"text": "Hi!"}]}}], "usageMetadata": {"promptTokenCount": 8}},
        ("generate_content", "gcp.vertex_ai", "gemini-1.5-pro", 8, None),
    ),
    "converse": (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
        {"messages": [{"role": "user", "content": [{"text": "Say hi"}]}], "system": [{"text": "Be brief."}]},
        {"output": {"message": {"role": "assistant", "content": [{"text": "Hi!"}]}}, "stopReason": "end_turn",
         "usage": {"inputTokens": 10, "outputTokens": 4, "totalTokens": 14}, "metrics": {"latencyMs": 551}},
        ("chat", "aws.bedrock", "anthropic.claude-3-haiku-20240307-v1:0", 10, 4),
    ),
    "titan": (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.titan-text-express-v1/invoke",
        {"inputText": "Say hi"},
        {"inputTextTokenCount": 3, "results": [{"tokenCount": 4, "outputText": "Hi!", "completionReason": "FINISH"}]},
        ("chat", "aws.bedrock", "amazon.titan-text-express-v1", 3, 4),
    ),
    "mistral": (
        "https://api.mistral.ai/v1/chat/completions", CHAT | {"model": "mistral-small"}, ANSWER,
        ("chat", "mistral_ai", "mistral-small", 12, 4),
    ),
    "cohere v2": (
        "https://api.cohere.com/v2/chat", {"model": "command-r", "messages": [{"role": "user", "content": "Say hi"}]},
        {"message": {"role": "assistant", "content": [{"type": "text", "text": "Hi!"}]}, "finish_reason": "COMPLETE",
         "usage": {"billed_units": {"input_tokens": 3, "output_tokens": 4}, "tokens": {"input_tokens": 66, "output_tokens": 4}}},
        ("chat", "cohere", "command-r", 66, 4),
    ),
    "cohere v1": (
        "https://api.cohere.ai/v1/chat",
        {"model": "command", "message": "Say hi", "chat_history": [{"role": "CHATBOT", "message": "Yes?"}]},
        {"text": "Hi!", "generation_id": "g", "finish_reason": "COMPLETE",
         "meta": {"tokens": {"input_tokens": 66, "output_tokens": 4}}},
        ("chat", "cohere", "command", 66, 4),
    ),
    "ollama": (
        "http://localhost:11434/api/chat", {"model": "llama3", "messages": [{"role": "user", "content": "Say hi"}]},
        {"model": "llama3", "created_at": "2024-11-11T23:43:54.1Z", "message": {"role": "assistant", "content": "Hi!"},
         "done_reason": "stop", "done": True, "total_duration": 399000000, "prompt_eval_count": 11, "eval_count": 4},
        ("chat", "ollama", "llama3", 11, 4),
    ),
    "own host": (
        "http://vllm.internal:8000/v1/chat/completions", CHAT, ANSWER, ("chat", None, "gpt-4o", 12, 4),
    ),
}  # fmt: skip

"""Observability for LLM applications, in your notebook."""

__version__ = "0.1.0"

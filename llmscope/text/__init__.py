"""Texts as vectors: embeddings, neighbours, a map of them, and names for its regions."""

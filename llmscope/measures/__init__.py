"""Reductions: Ibis expressions that turn a Selection into small tables. Nothing else touches all rows."""

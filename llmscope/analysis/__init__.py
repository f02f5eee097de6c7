"""Statistics: pure functions on arrays and small tables."""

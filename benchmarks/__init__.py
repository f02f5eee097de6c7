"""Side-by-side runs against bare DuckDB: each prints medians and ratios, nothing is asserted about wall time."""

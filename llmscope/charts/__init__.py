"""Pictures: one function per picture, from a small table to an Altair chart."""

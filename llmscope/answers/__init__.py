"""One module per question: each runs its measure, then its analysis, and gives the answer four faces."""

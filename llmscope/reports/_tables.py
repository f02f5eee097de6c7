"""Tables that pandas draws: numbers on the right, words on the left."""

from __future__ import annotations

import re

_ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<(t[hd])([^>]*)>(.*?)</\1>", re.DOTALL)
_NUMBER = re.compile(r"^[\s$€£±+\-\u2212]*[\d.,]+(?:e[+-]?\d+)?\s*(?:%|ms|s|USD|MB|kB|GB)?$|^(?:NaN|NaT|None|nan|—|)$")


def align(html: str) -> str:
    """Left-align the columns of pandas tables that hold text; numbers stay on the right."""
    if 'class="dataframe"' not in html or "<template" in html or "colspan" in html or "rowspan" in html:
        return html
    body = html.partition("<tbody>")[2]
    rows = [_CELL.findall(row) for row in _ROW.findall(body)]
    if not rows:
        return html
    width = min(len(row) for row in rows)
    wordy = {at for at in range(width) if not all(_NUMBER.match(row[at][2].strip()) for row in rows)}

    def mark(row: re.Match[str]) -> str:
        at = -1

        def cell(match: re.Match[str]) -> str:
            nonlocal at
            at += 1
            return f'<{match[1]}{match[2]} class="text">{match[3]}</{match[1]}>' if at in wordy else match[0]

        return _CELL.sub(cell, row[0])

    return _ROW.sub(mark, html)

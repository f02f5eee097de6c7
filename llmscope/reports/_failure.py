"""What an error in a notebook's output is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")


def failure(output: Mapping[str, Any]) -> str:
    """Return name and words of an error output.

    Of an object whose display fails, the kernel sends the traceback without the error's name: it is in the last line.

    Example:
        >>> failure({"ename": "NoneType", "evalue": "None", "traceback": ["Traceback …", "ValueError: no such column"]})
        'ValueError: no such column'
    """
    told = f"{output['ename']}: {ANSI.sub('', output['evalue']).strip()}"
    if output["ename"] != "NoneType":
        return told
    lines = ANSI.sub("", "\n".join(output.get("traceback", []))).strip().splitlines()
    return lines[-1].strip() if lines else told

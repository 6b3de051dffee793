"""Names and precision of recorded results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


def name_of(about: dict[str, Any], processor: str) -> str:
    """Return a file name with the date, the commit and the processor."""
    model = re.sub(r"[^a-z0-9]+", "-", processor.lower()).strip("-")
    return f"{about['date'][:10]}-{about['commit']}-{model}.json"


def rounded(value: Any) -> Any:
    """Return a value with floats rounded to four digits, which exceeds their accuracy."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value

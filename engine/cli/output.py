"""What the command line says: results on stdout, all else on stderr, JSON where asked."""

from __future__ import annotations

import json
import sys
from typing import Any

from engine.errors import EngineError, InternalError, InvalidRequest


def print_error(error: EngineError, as_json: bool) -> None:
    """One line for people on stderr, or one JSON object on stdout."""
    if not as_json:
        print(f"undertone: {error}", file=sys.stderr)
        return
    told: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": error.message,
        "remedy": error.remedy,
    }
    if isinstance(error, InvalidRequest):
        told["field"] = error.field
    if isinstance(error, InternalError):
        told["details"] = error.details
    print_json({"ok": False, "error": told})


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def print_notice(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)

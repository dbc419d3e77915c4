"""How a line of the log looks, as text or as JSON. Nothing personal: no value that anybody typed.

An error’s own words may quote a row or a form, so only its kind and the way to it are written;
that, and the id that stands on the error page, is enough to find the place.
"""

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
user_id: ContextVar[int | None] = ContextVar("user_id", default=None)  # of who asks

# What a line may carry beside its message: see `extra=` in config/middleware.py
KNOWN = ("view", "method", "status", "ms")
Raised = tuple[type[BaseException], BaseException, TracebackType | None]


class Line(logging.Formatter):
    """One line for a person; the way to an error below it."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another formatter may have kept its own, with the error’s words
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = one_line(super().formatMessage(record))
        return line + "".join(f" [{name} {value}]" for name, value in whose().items())

    def formatException(self, ei: Any) -> str:
        return "\n".join(f"  {step}" for step in way_to(ei))


class Json(logging.Formatter):
    """One object a line, for whatever collects logs."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": one_line(record.getMessage()),
        }
        fields |= whose()
        fields |= {name: getattr(record, name) for name in KNOWN if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"] = way_to(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


def whose() -> dict[str, Any]:
    """The request that a line is about, and the number of whoever sent it; empty outside of one."""
    known = {"request_id": request_id.get(), "user": user_id.get()}
    return {name: value for name, value in known.items() if value}


def way_to(raised: Raised) -> list[str]:
    """The calls that led to an error, outermost first, and its kind; of its causes as well."""
    kind, error, trace = raised
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    steps = way_to((type(before), before, before.__traceback__)) if before else []
    frames = traceback.extract_tb(trace)
    steps += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    sqlstate = getattr(error, "sqlstate", None)
    return [*steps, f"{kind.__module__}.{kind.__qualname__}" + (f" {sqlstate}" if sqlstate else "")]


def one_line(text: str) -> str:
    """Nobody can make up a second line, or colour a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)

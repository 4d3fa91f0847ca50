"""What a person or a log sees: a progress bar on a terminal, plain lines elsewhere, nothing if quiet."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

# Text from a post or a file name must not steer the terminal or turn the writing direction.
_STEERING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


_LOG_WIDTH: Final = 160  # a file or a pipe has no edge to wrap at


def plain(text: str) -> str:
    """`text` without anything that a terminal would obey."""
    return _STEERING.sub("�", text)


def _console(stream: TextIO) -> Console:
    """Rich would take any stream for a terminal where FORCE_COLOR is set, as notebooks and CI do."""
    return Console(file=stream, force_terminal=stream.isatty(), highlight=False, markup=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Bar:
    """A progress bar under way; does nothing where none is shown."""

    progress: Progress | None
    task: TaskID | None

    def show(self, share: float, told: str) -> None:
        """Set the bar to `share` in [0, 1] and write `told` beside it."""
        if self.progress is not None and self.task is not None:
            self.progress.update(self.task, completed=share, told=told)


class Terminal:
    """Results go to stdout, progress and complaints to stderr."""

    def __init__(self, *, quiet: bool) -> None:
        """`quiet`: only results that were asked for, and complaints."""
        self._quiet = quiet
        self._out = _console(sys.stdout)
        if not self._out.is_terminal:
            self._out.width = _LOG_WIDTH
        self._err = _console(sys.stderr)

    @property
    def is_watched(self) -> bool:
        """Whether somebody sees what is said: it goes to a terminal."""
        return self._out.is_terminal

    def asks(self, question: str) -> bool:
        """Whether a person says yes; only where `is_watched`."""
        return self._out.input(f"{plain(question)} [y/N] ").strip().lower() in {"y", "yes"}

    def for_step(self, name: str) -> Self:  # noqa: ARG002  # a log says it
        """What speaks while a step of a run is under way."""
        return self

    def result(self, text: str) -> None:
        """What the command was asked for."""
        self._out.file.write(text + "\n")

    def say(self, text: str) -> None:
        """What is good to know."""
        if not self._quiet:
            self._out.print(plain(text))

    def progress(self, text: str) -> None:
        """What is going on, on stderr: a log's reader wants to know why nothing moves."""
        if not self._quiet:
            self._err.print(plain(text))

    def complain(self, text: str) -> None:
        """What went wrong, one line each."""
        for line in text.splitlines():
            self._err.print(plain(line), style="red" if self._err.is_terminal else None)

    def table(self, title: str, header: list[str], rows: list[list[str]]) -> None:
        """A table of texts; numbers are right-aligned."""
        table = Table(title=plain(title), title_justify="left", title_style="bold")
        for position, name in enumerate(header):
            numeric = bool(rows) and all(row[position][:1].isdigit() for row in rows)
            table.add_column(name, justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*(plain(cell) for cell in row))
        if not self._quiet:
            self._out.print(table)

    @contextmanager
    def bar(self, title: str) -> Iterator[Bar]:
        """A progress bar for the work inside, if stderr is a terminal."""
        if self._quiet or not self._err.is_terminal:
            yield Bar(None, None)
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[told]}", markup=False),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._err, transient=True) as progress:
            yield Bar(progress, progress.add_task(plain(title), total=1.0, told=""))


class JsonLog(Terminal):
    """All that is said, one JSON object a line on stderr: time, level, step, message."""

    def __init__(self, now: Callable[[], datetime], step: str | None = None) -> None:
        """`now`: the time in UTC."""
        super().__init__(quiet=True)
        self._now = now
        self._step = step

    def for_step(self, name: str) -> Self:
        """The same log; its lines name the step."""
        return type(self)(self._now, name)

    def say(self, text: str) -> None:
        """Level info."""
        self._write("info", text)

    def progress(self, text: str) -> None:
        """Level info."""
        self._write("info", text)

    def complain(self, text: str) -> None:
        """Level error, one line each."""
        for line in text.splitlines():
            self._write("error", line)

    def _write(self, level: str, text: str) -> None:
        line = {"time": self._now().isoformat(), "level": level, "step": self._step, "message": plain(text)}
        sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")

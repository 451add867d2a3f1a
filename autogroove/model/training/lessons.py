"""Lessons on disk: made ahead by other processes, kept as long as they are taught again.

What belongs here: the files of a pretraining's lessons. What does not: what is in one
(`autogroove.model.teacher`), or which are taken when (`autogroove.model.training.pretraining`).
"""

import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from autogroove.model.teacher import Lesson, TeacherSettings, teach


class LessonShelf:
    """The lessons of a teacher's stream, by number, in a folder of their own.

    Args:
        folder: where files lie; equal arguments may share it.
        seed: of the stream.
        settings: of the teacher.
        num_grooves: of a lesson.
        workers: processes that make lessons ahead; 0 makes them when they are asked for.
    """

    def __init__(
        self, folder: Path, seed: int, settings: TeacherSettings, num_grooves: int, workers: int
    ) -> None:
        self._folder = folder
        self._arguments = (seed, settings, num_grooves)
        folder.mkdir(parents=True, exist_ok=True)
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, mp_context=spawn) if workers else None
        self._making: dict[int, Future[None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def prepare(self, numbers: Iterable[int]) -> None:
        """Have lessons made ahead."""
        for number in numbers:
            if self._pool and number not in self._making and not self._path(number).exists():
                path, arguments = self._path(number), self._arguments
                self._making[number] = self._pool.submit(_make, path, number, *arguments)

    def take(self, number: int) -> Lesson:
        """One lesson; it stays on the shelf."""
        waiting = self._making.pop(number, None)
        if waiting:
            waiting.result()
        path = self._path(number)
        if not path.exists():
            _make(path, number, *self._arguments)
        with np.load(path) as arrays:
            return Lesson(**arrays)

    def drop_before(self, number: int) -> None:
        """Remove lessons that are not taught any more."""
        for path in self._folder.glob("*.npz"):
            if path.stem.isdigit() and int(path.stem) < number:
                path.unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.npz"


def _make(path: Path, number: int, seed: int, settings: TeacherSettings, num_grooves: int) -> None:
    lesson = teach(seed, number, settings, num_grooves=num_grooves)
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    with part.open("wb") as file:
        np.savez(file, **asdict(lesson))
    part.replace(path)

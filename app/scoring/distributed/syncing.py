"""Puts results onto the disk every so often, also while nothing comes back that would be written."""

import threading
from collections.abc import Sequence

from app.scoring.columns import Row
from app.scoring.results import Results


class Syncing:
    """Within the block results are synced every `seconds`, by a thread of its own, beside the one that writes."""

    def __init__(self, results: Results, seconds: float) -> None:
        self._results = results
        self._seconds = seconds
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._sync, name="quartet-syncing", daemon=True)

    def __enter__(self) -> "Syncing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread, and raise what it could not sync for."""
        self._ended.set()
        self._thread.join()
        self._check()

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows.

        Raises:
            OSError: these, or those before, cannot be written.
        """
        with self._turn:
            self._check()
            self._results.write(rows)

    def _sync(self) -> None:
        while not self._ended.wait(self._seconds):
            with self._turn:
                try:
                    self._results.sync()
                # Whatever it is, the thread that writes must get it.
                except Exception as error:
                    self._error = error
                    return

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

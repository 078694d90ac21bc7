"""How the host tells who started it what it is about: one JSON object a line."""

import json
import logging
import os
import sys
import threading

_LEVELS = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"))


class _Report:
    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def write(self, message):
        line = (json.dumps(message) + "\n").encode()
        with self._lock:
            while line:
                line = line[os.write(self._descriptor, line):]

    def ready(self, what):
        self.write({"state": "ready", "driver": what})

    def failed(self, error):
        logging.getLogger(__name__).error("The driver cannot be loaded", exc_info=error)
        self.write({"state": "failed", "reason": f"{type(error).__name__}: {error}"})


class _Handler(logging.Handler):
    def __init__(self, report):
        super().__init__()
        self._report = report

    def emit(self, record):
        try:
            level = next((name for limit, name in _LEVELS if record.levelno >= limit), "debug")
            self._report.write({"log": level, "logger": record.name, "text": self.format(record)})
        except Exception:
            self.handleError(record)


def begin(descriptor, is_verbose):
    """All that is logged becomes reports."""
    report = _Report(sys.__stderr__.fileno() if descriptor is None else descriptor)
    root = logging.getLogger()
    root.handlers = [_Handler(report)]
    root.setLevel(logging.DEBUG if is_verbose else logging.INFO)
    logging.captureWarnings(True)
    return report

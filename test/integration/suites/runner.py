"""Runs tests of a Python package in one process, because importing such a package takes seconds each time.

Each line of the input is a JSON list of ids of tests; for each of them one JSON object {id, outcome, reason} is written, and at the
end of the list an empty one. Given the name of a package as argument, it writes the ids of all tests there, and ends.
"""
import importlib
import json
import os
import pkgutil
import sys
import traceback
import unittest

answers = os.fdopen(os.dup(1), "w", buffering=1)
# What tests print is no answer.
os.dup2(2, 1)


def say(answer):
    answers.write(json.dumps(answer) + "\n")


def each_test(suite):
    if not isinstance(suite, unittest.TestSuite):
        yield suite
        return
    for part in suite:
        yield from each_test(part)


def tests_of(package):
    loader = unittest.TestLoader()
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, package + "."):
        if not module.ispkg:
            for test in each_test(loader.loadTestsFromName(module.name)):
                yield plain(test.id())


def plain(test_id):
    """Tempest appends the attributes of a test to its id: name[id-…,smoke]."""
    return test_id.split("[")[0]


class Outcomes(unittest.TestResult):
    """The outcome of a fixture of a whole class is that of all its tests that have none of their own."""

    def __init__(self):
        super().__init__()
        self.outcomes = {}
        self.of_class = {}

    def note(self, test, outcome, reason=""):
        test_id = test.id()
        if isinstance(test, unittest.suite._ErrorHolder):
            self.of_class[test_id.split("(")[-1].rstrip(")")] = (outcome, reason)
        else:
            self.outcomes[plain(test_id)] = (outcome, reason)

    def addSuccess(self, test):
        self.note(test, "pass")

    def addError(self, test, error):
        self.note(test, "fail", "".join(traceback.format_exception(*error)))

    addFailure = addError

    def addSkip(self, test, reason):
        self.note(test, "skip", reason)

    def addExpectedFailure(self, test, error):
        self.note(test, "pass")

    def addUnexpectedSuccess(self, test):
        self.note(test, "fail", "passed although it is expected to fail")


def run(ids):
    result = Outcomes()
    suite = unittest.TestLoader().loadTestsFromNames(ids)
    suite.run(result)
    for test_id in ids:
        outcome, reason = result.outcomes.get(test_id) or result.of_class.get(test_id.rsplit(".", 1)[0]) or (
            "fail",
            "it did not run",
        )
        say({"id": test_id, "outcome": outcome, "reason": reason})
    # The end of a class that goes wrong is a fault of its own.
    for name, (outcome, reason) in result.of_class.items():
        if outcome == "fail" and all(result.outcomes.get(test_id) for test_id in ids):
            say({"id": name + " (class)", "outcome": outcome, "reason": reason})


if len(sys.argv) > 1:
    for found in tests_of(sys.argv[1]):
        say(found)
else:
    for line in sys.stdin:
        run(json.loads(line))
        say({})

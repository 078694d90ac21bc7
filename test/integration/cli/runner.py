"""What the openstack command line of Debian does, in one process, because starting it anew takes a second each time.

Reads one JSON object per line, writes one JSON object per line.

{"words": [...], "env": {...}}                   runs the command: {code, stdout, stderr}
{"words": [...], "parse": true}                  only parses it: {code, stdout, stderr, values}
{"render": "list"|"one", "columns", "data", "words"}  only shows the data: {code, stdout, stderr}
{"arguments": [...], "groups": {...}, "words"}   parses with an argparse parser of its own: {code, stderr, values, rest}
"""
import argparse
import contextlib
import io
import json
import logging
import os
import sys
import time
import types

# What the program is called is taken from here when it is imported.
sys.argv[0] = "openstack"

import cliff.command
import cliff.display
import cliff.lister
import cliff.show
from openstackclient import shell
from osc_lib import utils

# --wait looks every three seconds. What it sees is the same when it looks more often.
utils.time = types.SimpleNamespace(sleep=lambda seconds: time.sleep(min(seconds, 0.2)), time=time.time)

PARSED = []
ORIGINAL = {cls: cls.run for cls in (cliff.command.Command, cliff.display.DisplayCommandBase)}


def only_parse(self, parsed_args):
    PARSED.append(vars(parsed_args))
    return 0


def captured(function):
    out, err = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    handlers = list(root.handlers)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = function()
        except SystemExit as end:
            code = end.code
        except BaseException as error:  # what the command line would show as a traceback
            code = 1
            err.write(repr(error))
    root.handlers[:] = handlers
    return {"code": code or 0, "stdout": out.getvalue(), "stderr": err.getvalue()}


def run(request):
    return captured(lambda: shell.OpenStackShell().run(request["words"]))


def parse(request):
    PARSED.clear()
    for cls in ORIGINAL:
        cls.run = only_parse
    try:
        answer = captured(lambda: shell.OpenStackShell().run(request["words"]))
    finally:
        for cls, function in ORIGINAL.items():
            cls.run = function
    answer["values"] = PARSED[-1] if PARSED else None
    return answer


def render(request):
    columns, data = tuple(request["columns"]), request["data"]
    base = cliff.lister.Lister if request["render"] == "list" else cliff.show.ShowOne

    class Shown(base):
        def take_action(self, parsed_args):
            return columns, [tuple(row) for row in data] if request["render"] == "list" else tuple(data)

    def show():
        app = types.SimpleNamespace(stdout=sys.stdout, command_manager=types.SimpleNamespace(namespace=""))
        command = Shown(app, None)
        return command.run(command.get_parser("show").parse_args(request["words"]))

    return captured(show)


TYPES = {"int": int, "float": float, "upper": lambda text: text.upper()}
ACTIONS = {"flag": "store_true", "append": "append", "count": "count"}


class Commas(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, values.split(","))


def own(request):
    parser = argparse.ArgumentParser(prog="prog", add_help=False)
    groups = {}
    for argument in request["arguments"]:
        container = parser
        name = argument.get("group")
        if name is not None:
            if name not in groups:
                groups[name] = parser.add_mutually_exclusive_group(required=name in request["oneOf"])
            container = groups[name]
        words = {"default": None}
        takes, action = argument.get("takes", 1), argument.get("action", "store")
        if argument["flags"]:
            words["dest"] = argument["dest"]
            words["required"] = argument.get("required", False)
        if takes == 0:
            words["action"] = "count" if action == "count" else "store_true"
        else:
            if takes != 1:
                words["nargs"] = takes
            if action == "append":
                words["action"] = "append"
            elif action == "commas":
                words["action"] = Commas
            if argument.get("type"):
                words["type"] = TYPES[argument["type"]]
            if argument.get("choices"):
                words["choices"] = argument["choices"]
            if argument.get("metavar"):
                words["metavar"] = argument["metavar"]
        container.add_argument(*(argument["flags"] or [argument["dest"]]), **words)
    result = {}

    def go():
        values, rest = parser.parse_known_args(request["words"])
        result.update(values=vars(values), rest=rest)

    return {**captured(go), **result}


def answer(request):
    saved = dict(os.environ)
    os.environ.update(request.get("env", {}))
    try:
        if "render" in request:
            return render(request)
        if "arguments" in request:
            return own(request)
        return parse(request) if request.get("parse") else run(request)
    finally:
        os.environ.clear()
        os.environ.update(saved)


def written(value):
    # JSON has no words for infinity and what is no number: they are compared by their names.
    return json.dumps(json.loads(json.dumps(value, default=repr), parse_constant=str))


for line in sys.stdin:
    print(written(answer(json.loads(line))), flush=True)

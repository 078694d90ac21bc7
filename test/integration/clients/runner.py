"""Runs the openstack command line again and again in one process, because starting it anew takes a second each time.

Reads one JSON list of arguments per line, writes one JSON object {code, stdout, stderr} per line.
"""
import contextlib
import io
import json
import sys
import time
import types

from openstackclient import shell
from osc_lib import utils

# --wait looks every three seconds. What it sees is the same when it looks more often.
utils.time = types.SimpleNamespace(sleep=lambda seconds: time.sleep(min(seconds, 0.2)), time=time.time)


def run(arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = shell.OpenStackShell().run(arguments)
        except SystemExit as end:
            code = end.code
        except BaseException as error:  # what the command line would show as a traceback
            code = 1
            err.write(repr(error))
    return {"code": code or 0, "stdout": out.getvalue(), "stderr": err.getvalue()}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)

"""Provider agents for tests. Each writes a line when it begins."""

import logging
import os
import time

from octavia_lib.api.drivers import driver_lib

LOG = logging.getLogger(__name__)


def _begins(what):
    with open(os.environ["ACME_TRACE"], "a") as trace:
        trace.write(f"{int(time.time() * 1000)} {what}\n")


class Agent:
    """Reports to the driver agent of this installation, and ends when it is told."""

    def __init__(self, exit_event):
        _begins("acme")
        driver_lib.DriverLibrary().update_loadbalancer_status({"pools": []})
        LOG.info("reported")
        while not exit_event.wait(60):
            pass
        _begins("acme ends")


def throw(_exit_event):
    _begins("acme_thrower")
    raise RuntimeError("The backend of Python is gone.")


def stay(_exit_event):
    _begins("acme_stubborn")
    while True:
        time.sleep(60)

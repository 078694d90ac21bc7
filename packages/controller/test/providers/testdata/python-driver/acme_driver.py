"""A driver for tests: writes down what it is given, and does what the name of the object says."""

import json
import logging
import os
import signal
import threading
import time

from octavia_lib.api.drivers import data_models
from octavia_lib.api.drivers import driver_lib
from octavia_lib.api.drivers import exceptions
from octavia_lib.api.drivers import provider_base

LOG = logging.getLogger(__name__)
TOGETHER = threading.Barrier(2, timeout=20)


class TooFull(exceptions.UnsupportedOptionError):
    pass


def _plain(value):
    if isinstance(value, data_models.BaseDataModel):
        # Unset is told from None: only what is set is in the map.
        return {"class": type(value).__name__, **{k: _plain(v) for k, v in value.to_dict(recurse=True).items()}}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _raise(text):
    if text == "DriverError":
        raise exceptions.DriverError(user_fault_string="for users", operator_fault_string="for operators")
    if text == "NotImplementedError":
        raise exceptions.NotImplementedError(user_fault_string="not this")
    if text == "builtin":
        raise NotImplementedError()
    if text == "UnsupportedOptionError":
        raise exceptions.UnsupportedOptionError(user_fault_string="not so")
    if text == "subclass":
        raise TooFull(user_fault_string="too full")
    if text == "NotFound":
        raise exceptions.NotFound(user_fault_string="no such size")
    if text == "Conflict":
        raise type("Conflict", (Exception,), {"user_fault_string": "taken"})()
    raise ValueError("secret")


def _behave(word):
    if word.startswith("raise "):
        _raise(word[len("raise "):])
    if word == "crash":
        os._exit(7)
    if word == "stall":
        time.sleep(600)
    if word == "freeze":
        os.kill(os.getpid(), signal.SIGSTOP)
        # Until the last thread has stopped.
        time.sleep(600)
    if word == "together":
        TOGETHER.wait()
    if word == "speak":
        LOG.info("a line of the log")
        print("printed")


def _hold(name):
    """Stays inside the methods that the file names, as long as it does."""
    def is_held():
        try:
            with open(os.environ["ACME_HOLD"]) as held:
                return name in held.read().split()
        except (KeyError, FileNotFoundError):
            return False
    while is_held():
        time.sleep(0.02)


def _method(name):
    def method(self, *given):
        with open(os.environ["ACME_CALLS"], "a") as calls:
            calls.write(json.dumps([name, *map(_plain, given)]) + "\n")
        _hold(name)
        first = given[-1] if name.endswith("_update") and name != "member_batch_update" else (given or [None])[0]
        word = first.get("size") if isinstance(first, dict) else getattr(first, "name", first)
        if isinstance(word, str):
            _behave(word)
        if name == "create_vip_port":
            return ({**given[2], "vip_address": "203.0.113.9", "vip_port_id": "7d3c1d2e-0f1a-4b5c-8d9e-0a1b2c3d4e5f"}, tuple(given[3]))
        if name == "get_supported_flavor_metadata":
            return {"size": "How big."}
        if name == "get_supported_availability_zone_metadata":
            # What a driver makes without arguments leads to the sockets of this installation.
            return {name: getattr(self.library, name) for name in ("status_socket", "stats_socket", "get_socket")}
        return None

    return method


class Driver(provider_base.ProviderDriver):
    class _Library(driver_lib.DriverLibrary):
        def _check_for_socket_ready(self, path):
            pass

    def __init__(self):
        self.library = self._Library()


for _name in [name for name, value in vars(provider_base.ProviderDriver).items() if callable(value)]:
    if not _name.startswith("_"):
        setattr(Driver, _name, _method(_name))


class Unloadable(provider_base.ProviderDriver):
    def __init__(self):
        raise RuntimeError("no licence")

"""What the command line asks for."""

import argparse
import json
import logging
import os
import signal
import sys
import threading

from octavia_provider_host import installed
from octavia_provider_host import reports
from octavia_provider_host import titles

LOG = logging.getLogger(__name__)

# A driver that cannot be loaded: whoever started the host looks at what was said before.
EXIT_NOT_LOADED = 3


def main():
    arguments = _parser().parse_args()
    arguments.run(arguments)


def _parser():
    parser = argparse.ArgumentParser(prog="octavia_provider_host", description="Hosts provider drivers in Python.")
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("list", help="print which drivers and provider agents are installed, as JSON")
    listing.set_defaults(run=_list)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("name", help="name of the entry point")
    common.add_argument("--config-file", action="append", default=[], help="for drivers that read oslo.config")
    common.add_argument("--status-socket", help="of the driver agent")
    common.add_argument("--stats-socket", help="of the driver agent")
    common.add_argument("--get-socket", help="of the driver agent")
    common.add_argument("--report-fd", type=int, help="descriptor for states and log lines; else standard error")
    common.add_argument("--child", action="store_true", help="end when standard input does")
    common.add_argument("--debug", action="store_true", help="with the debug lines of the driver")
    serve = commands.add_parser("serve", parents=[common], help="serve a driver")
    where = serve.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", help="path of a unix socket")
    where.add_argument("--listen", metavar="HOST:PORT", help="with mutual TLS")
    serve.add_argument("--certificate", help="PEM file: own certificate (with --listen)")
    serve.add_argument("--key", help="PEM file: key of the certificate")
    serve.add_argument("--client-ca", help="PEM file: who signs the certificates of those that may call")
    serve.set_defaults(run=_serve)
    agent = commands.add_parser("agent", parents=[common], help="run a provider agent")
    agent.add_argument("--title", help="of the process, in place of its command line")
    agent.add_argument("--shutdown-timeout", type=float, default=60.0,
                       help="seconds that the agent may take to end when standard input does (with --child)")
    agent.set_defaults(run=_agent)
    return parser


def _list(_arguments):
    print(json.dumps({group: installed.describe(group) for group in (installed.DRIVERS, installed.AGENTS)}))


def _begin(arguments, parent_gone):
    # What a driver prints must not be taken for a report.
    sys.stdout = sys.stderr
    report = reports.begin(arguments.report_fd, arguments.debug)
    if arguments.child:
        threading.Thread(target=_watch_parent, args=(parent_gone,), daemon=True).start()
    return report


def _watch_parent(gone):
    while os.read(0, 4096):
        pass
    gone()


def _load(arguments, group, report):
    try:
        from octavia_provider_host import settings

        settings.apply(arguments)
        return installed.load(group, arguments.name)
    except Exception as error:
        report.failed(error)
        sys.exit(EXIT_NOT_LOADED)


def _serve(arguments):
    report = _begin(arguments, lambda: os._exit(0))
    driver_class = _load(arguments, installed.DRIVERS, report)
    try:
        # Only here: to tell what is installed takes no octavia-lib.
        from octavia_provider_host import server

        driver = driver_class()
        driver.name = arguments.name
        listener = server.open_listener(driver, arguments)
    except Exception as error:
        report.failed(error)
        sys.exit(EXIT_NOT_LOADED)
    report.ready(f"{driver_class.__module__}:{driver_class.__qualname__}")
    listener.serve_forever()


def _agent(arguments):
    import multiprocessing

    # The kind that agents are given elsewhere: they may hand it on to processes of their own.
    exit_event = multiprocessing.Event()

    def end():
        # Not in the handler of a signal: it may have interrupted somebody who holds the lock of the event.
        threading.Thread(target=exit_event.set, daemon=True).start()

    def end_without_parent():
        # There is nobody to report to, and nobody who would end this process.
        end()
        timer = threading.Timer(arguments.shutdown_timeout, os._exit, (1,))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, lambda *_: end())
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    if arguments.title:
        titles.set_title(arguments.title)
    report = _begin(arguments, end_without_parent)
    agent = _load(arguments, installed.AGENTS, report)
    report.ready(f"{agent.__module__}:{getattr(agent, '__qualname__', type(agent).__qualname__)}")
    try:
        agent(exit_event)
    except Exception as error:
        LOG.error("The provider agent failed", exc_info=error)
        sys.exit(1)

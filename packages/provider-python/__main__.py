"""Hosts provider drivers written in Python: `python3 provider-python list|serve|agent`; see README.md."""

from octavia_provider_host import command

command.main()

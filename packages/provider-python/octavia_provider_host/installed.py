"""Drivers and provider agents that are installed, by their entry points."""

from importlib import metadata

DRIVERS = "octavia.api.drivers"
AGENTS = "octavia.driver_agent.provider_agents"


def _entry_points(group):
    found = metadata.entry_points()
    # Until Python 3.9 it is a map of groups.
    return found.select(group=group) if hasattr(found, "select") else found.get(group, ())


def describe(group):
    """name -> `module:Class`; the first that is found on the path wins, as with imports."""
    names = {}
    for point in _entry_points(group):
        names.setdefault(point.name, point.value)
    return names


def load(group, name):
    for point in _entry_points(group):
        if point.name == name:
            return point.load()
    raise LookupError(f"No installed package has an entry point {name} in {group}.")


def library_version():
    try:
        return metadata.version("octavia-lib")
    except metadata.PackageNotFoundError:
        return "unknown"

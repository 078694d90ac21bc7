"""Data objects as JSON: a field that is left out is Unset, null is None. See docs/driver-protocol.md."""

from octavia_lib.api.drivers import data_models
from octavia_lib.api.drivers import exceptions

from octavia_provider_host import installed

_NESTED = {
    "listeners": "Listener",
    "pools": "Pool",
    "default_pool": "Pool",
    "l7policies": "L7Policy",
    "rules": "L7Rule",
    "redirect_pool": "Pool",
    "members": "Member",
    "healthmonitor": "HealthMonitor",
}

# What a field says that changes nothing, so that a library that does not know it loses nothing.
_NEUTRAL = (None, False, "", [], {}, "normal")


def read(kind, values, is_strict):
    """Makes an object. With is_strict what this octavia-lib has no word for is refused, otherwise left out.

    :raises UnsupportedOptionError: naming the field
    """
    known = vars(getattr(data_models, kind)())
    fields = {}
    for name, value in values.items():
        if name in known:
            fields[name] = _read_field(name, value, is_strict)
        elif is_strict and value not in _NEUTRAL:
            text = f"The octavia-lib {installed.library_version()} of the driver does not know {name} of {kind}."
            raise exceptions.UnsupportedOptionError(user_fault_string=text, operator_fault_string=text)
    return getattr(data_models, kind)(**fields)


def _read_field(name, value, is_strict):
    kind = _NESTED.get(name)
    if kind is None or value is None:
        return value
    if isinstance(value, list):
        return [read(kind, item, is_strict) for item in value]
    return read(kind, value, is_strict)


def write(value):
    """Answers: maps, lists and texts; a data object is a map of what is set."""
    if isinstance(value, data_models.BaseDataModel):
        return write(value.to_dict(recurse=True))
    if isinstance(value, data_models.UnsetType):
        return None
    if isinstance(value, dict):
        return {str(key): write(item) for key, item in value.items() if not isinstance(item, data_models.UnsetType)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [write(item) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, bytes):
        return value.decode()
    return str(value)

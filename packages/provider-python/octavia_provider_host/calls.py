"""Calls of a driver: what is given to each method, and what becomes of what it raises."""

import inspect
import logging

from octavia_provider_host import objects

LOG = logging.getLogger(__name__)

_KINDS = ("DriverError", "NotImplementedError", "UnsupportedOptionError", "NotFound", "Conflict")
_NOT_IMPLEMENTED = "This feature is not implemented by the provider."
_CHILDREN = {
    "listener": "Listener",
    "pool": "Pool",
    "member": "Member",
    "healthmonitor": "HealthMonitor",
    "l7policy": "L7Policy",
    "l7rule": "L7Rule",
}


def _methods():
    """method -> its arguments in order: (name, class of the data object or None, whether unknown fields are refused)."""
    methods = {
        "create_vip_port": [(name, None, False) for name in
                            ("loadbalancer_id", "project_id", "vip_dictionary", "additional_vip_dicts")],
        "loadbalancer_create": [("loadbalancer", "LoadBalancer", True)],
        "loadbalancer_delete": [("loadbalancer", "LoadBalancer", False), ("cascade", None, False)],
        "loadbalancer_failover": [("loadbalancer_id", None, False)],
        "loadbalancer_update": [("old_loadbalancer", "LoadBalancer", False), ("new_loadbalancer", "LoadBalancer", True)],
        "member_batch_update": [("pool_id", None, False), ("members", "Member", True)],
        "get_supported_flavor_metadata": [],
        "validate_flavor": [("flavor_metadata", None, False)],
        "get_supported_availability_zone_metadata": [],
        "validate_availability_zone": [("availability_zone_metadata", None, False)],
    }
    for child, kind in _CHILDREN.items():
        prefix = "health_monitor" if child == "healthmonitor" else child
        methods[f"{prefix}_create"] = [(child, kind, True)]
        methods[f"{prefix}_delete"] = [(child, kind, False)]
        methods[f"{prefix}_update"] = [(f"old_{child}", kind, False), (f"new_{child}", kind, True)]
    return methods


METHODS = _methods()


def call(driver, method, given):
    """:returns: the answer of the protocol, whatever happens."""
    try:
        arguments = [_argument(given.get(name), kind, is_strict) for name, kind, is_strict in METHODS[method]]
        function = getattr(driver, method)
        if method == "create_vip_port":
            return {"result": _create_vip_port(function, arguments)}
        return {"result": objects.write(function(*arguments))}
    except Exception as error:
        return {"error": _fault(method, error)}


def _argument(value, kind, is_strict):
    if kind is None or value is None:
        return value
    if isinstance(value, list):
        return [objects.read(kind, item, is_strict) for item in value]
    return objects.read(kind, value, is_strict)


def _create_vip_port(function, arguments):
    """Drivers from before additional VIPs take three arguments and return the VIP alone."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        arguments = arguments[:3]
    answer = objects.write(function(*arguments))
    return [answer, []] if isinstance(answer, dict) else answer


def _fault(method, error):
    kind = next((c.__name__ for c in type(error).__mro__ if c.__name__ in _KINDS), None)
    user = getattr(error, "user_fault_string", None)
    if kind is None or (user is None and kind != "NotImplementedError"):
        LOG.error("%s failed", method, exc_info=error)
        return {"kind": "Error", "operator_fault_string": f"{type(error).__name__}: {error}"}
    user = _NOT_IMPLEMENTED if user is None else str(user)
    operator = getattr(error, "operator_fault_string", None)
    return {"kind": kind, "user_fault_string": user, "operator_fault_string": user if operator is None else str(operator)}

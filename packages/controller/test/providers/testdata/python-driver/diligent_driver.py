"""A driver without a backend that keeps the contract: it reports an end state for every object of a change."""

import collections
import os
import pickle
import threading
import time

from octavia_lib.api.drivers import data_models
from octavia_lib.api.drivers import driver_lib
from octavia_lib.api.drivers import exceptions
from octavia_lib.api.drivers import provider_base

KINDS = {
    data_models.LoadBalancer: ("loadbalancers", "loadbalancer_id", ()),
    data_models.Listener: ("listeners", "listener_id", (("loadbalancers", "loadbalancer_id"),)),
    data_models.Pool: ("pools", "pool_id", (("loadbalancers", "loadbalancer_id"),)),
    data_models.Member: ("members", "member_id", (("pools", "pool_id"),)),
    data_models.HealthMonitor: ("healthmonitors", "healthmonitor_id", (("pools", "pool_id"),)),
    data_models.L7Policy: ("l7policies", "l7policy_id", (("listeners", "listener_id"),)),
    data_models.L7Rule: ("l7rules", "l7rule_id", (("l7policies", "l7policy_id"),)),
}
KIND_OF_LIST = {name: kind for kind, (name, _, _) in KINDS.items()}


class Driver(provider_base.ProviderDriver):
    def __init__(self):
        self._library = driver_lib.DriverLibrary()
        # It is started anew now and then, and has to know its objects nevertheless.
        self._file = driver_lib.DEFAULT_STATUS_SOCKET + ".known"
        self._known = collections.defaultdict(dict)
        if os.path.exists(self._file):
            with open(self._file, "rb") as file:
                self._known.update(pickle.load(file))
        self._lock = threading.Lock()

    def create_vip_port(self, loadbalancer_id, project_id, vip_dictionary, additional_vip_dicts=None):
        raise exceptions.NotImplementedError(user_fault_string="The API makes the port.")

    def get_supported_flavor_metadata(self):
        return {"size": "How big."}

    def validate_flavor(self, flavor_metadata):
        if set(flavor_metadata) - {"size"}:
            raise exceptions.UnsupportedOptionError(user_fault_string="A flavor has a size and nothing else.")

    def loadbalancer_delete(self, loadbalancer, cascade=False):
        self._take([loadbalancer], "DELETED")

    def loadbalancer_failover(self, loadbalancer_id):
        self._report({("loadbalancers", loadbalancer_id): "ACTIVE"})

    def member_batch_update(self, pool_id, members):
        with self._lock:
            stay = {member.member_id for member in members}
            had = [own for (name, own), fields in self._known.items()
                   if name == "members" and fields.get("pool_id") == pool_id]
        ends = {("members", own): "DELETED" for own in had if own not in stay}
        ends[("pools", pool_id)] = "ACTIVE"
        self._take(members, "ACTIVE", ends)

    def _take(self, objects, end, ends=None):
        ends = ends or {}
        with self._lock:
            for one in objects:
                self._note(one, end, ends)
            for name, own in list(ends):
                self._add_above(name, own, ends)
            for key in [key for key, status in ends.items() if status == "DELETED"]:
                self._known.pop(key, None)
            with open(self._file, "wb") as file:
                pickle.dump(dict(self._known), file)
        self._report(ends)

    def _note(self, one, end, ends):
        name, field, _ = KINDS[type(one)]
        key = (name, getattr(one, field))
        fields = {k: v for k, v in vars(one).items() if not isinstance(v, data_models.UnsetType)}
        self._known[key].update({k: v for k, v in fields.items() if isinstance(v, str) or v is None})
        ends[key] = end
        for value in fields.values():
            for item in value if isinstance(value, list) else [value]:
                if type(item) in KINDS:
                    self._note(item, end, ends)

    def _add_above(self, name, own, ends):
        fields = self._known.get((name, own), {})
        above = [(parent, fields.get(field)) for parent, field in KINDS[KIND_OF_LIST[name]][2]]
        if name == "pools":
            above += [key for key, other in self._known.items() if other.get("default_pool_id") == own]
        for key in above:
            if key[1] and key not in ends:
                ends[key] = "ACTIVE"
                self._add_above(*key, ends)

    def _report(self, ends):
        message = collections.defaultdict(list)
        for (name, own), status in ends.items():
            message[name].append({"id": own, "provisioning_status": status, "operating_status": "ONLINE"})
        threading.Thread(target=self._send, args=(dict(message),), daemon=True).start()

    def _send(self, message):
        # The call that this is about has to return first.
        time.sleep(0.005)
        self._library.update_loadbalancer_status(message)


def _change(end, position):
    def method(self, *objects):
        self._take([objects[position]], end)

    return method


for _prefix in ("listener", "pool", "member", "health_monitor", "l7policy", "l7rule", "loadbalancer"):
    setattr(Driver, f"{_prefix}_create", _change("ACTIVE", 0))
    setattr(Driver, f"{_prefix}_update", _change("ACTIVE", 1))
    if _prefix != "loadbalancer":
        setattr(Driver, f"{_prefix}_delete", _change("DELETED", 0))

"""Does what a driver of OpenStack does: the calls of a list, one after the other. Prints what came of each."""

import json
import sys

from octavia_lib.api.drivers import driver_lib
from octavia_lib.api.drivers import exceptions

# Octavia's agent makes a process for each request: on a busy machine five seconds are not enough.
driver_lib.SOCKET_TIMEOUT = 60

sockets, calls = json.load(sys.stdin)
library = driver_lib.DriverLibrary(**sockets)


def come_of(name, argument):
    try:
        answer = getattr(library, name)(argument)
    except (exceptions.UpdateStatusError, exceptions.UpdateStatisticsError) as error:
        fields = ("status_object", "status_object_id", "stats_object", "stats_object_id")
        return {"error": type(error).__name__, **{name: getattr(error, name, None) for name in fields}}
    return None if answer is None else answer.to_dict(recurse=True, render_unsets=True)


print(json.dumps([come_of(name, argument) for name, argument in calls]))

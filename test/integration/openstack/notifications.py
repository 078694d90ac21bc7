"""Prints the notifications of a topic as lines of JSON, read as the other services of OpenStack read them, until its input ends.

    notifications.py <transport url> <exchange> <topic> <pool>
"""
import json
import sys

import kombu
import oslo_messaging
from oslo_config import cfg


class Endpoint:
    def info(self, context, publisher_id, event_type, payload, metadata):
        print(json.dumps({"event": event_type, "timestamp": metadata["timestamp"], "payload": payload}), flush=True)


url, exchange, topic, pool = sys.argv[1:]
configuration = cfg.ConfigOpts()
configuration([])
transport = oslo_messaging.get_notification_transport(configuration, url=url)
target = oslo_messaging.Target(exchange=exchange, topic=topic)
# A queue of its own: nobody else misses what is read here.
listener = oslo_messaging.get_notification_listener(transport, [target], [Endpoint()], executor="threading", pool=pool)
listener.start()
sys.stdin.read()
listener.stop()
listener.wait()
with kombu.Connection(url.replace("rabbit://", "amqp://", 1)) as connection:
    connection.default_channel.queue_delete(pool)

"""oslo.messaging of Debian, as the other side: oslo.py send|listen URL EXCHANGE TOPIC DURABLE. One line of JSON for each thing."""
import json
import logging
import sys

import oslo_messaging
from oslo_config import cfg

# It tells of each message that it knows already.
logging.disable(logging.CRITICAL)
what, url, exchange, topic, durable = sys.argv[1:]
conf = cfg.ConfigOpts()
conf([], project='octavia', default_config_files=[])
transport = oslo_messaging.get_notification_transport(conf, url)
conf.set_override('control_exchange', exchange)
conf.set_override('amqp_durable_queues', durable == 'true', group='oslo_messaging_rabbit')


def say(**fields):
    print(json.dumps(fields), flush=True)


class Endpoint:
    def info(self, ctxt, publisher_id, event_type, payload, metadata):
        say(context=ctxt, publisher_id=publisher_id, event_type=event_type, payload=payload, metadata=metadata)


if what == 'send':
    for driver in ('messaging', 'messagingv2'):
        notifier = oslo_messaging.Notifier(transport, publisher_id=None, driver=driver, topics=[topic])
        notifier.info({'project': 'p1'}, 'octavia.loadbalancer.create.end', {'id': 'lb'})
    say(sent=2)
else:
    target = oslo_messaging.Target(topic=topic, exchange=exchange)
    listener = oslo_messaging.get_notification_listener(transport, [target], [Endpoint()], executor='threading')
    listener.start()
    say(listening=True)
    listener.wait()

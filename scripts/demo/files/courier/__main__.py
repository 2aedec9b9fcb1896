"""``python -m courier work`` and ``python -m courier send TEXT``."""

import os
import sys
from urllib.request import Request, urlopen

import pika

QUEUE = "notes"


def channel():
    """A channel on which the queue is declared."""
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["QUEUE_URI"]))
    opened = connection.channel()
    opened.queue_declare(QUEUE, durable=True)
    return opened


def deliver(opened, method, _properties, body):
    """Bring one note; it leaves the queue when it has arrived."""
    headers = {"Authorization": f"Bearer {os.environ['NOTES_TOKEN']}"}
    with urlopen(Request(os.environ["NOTES_URL"], body, headers), timeout=10):
        opened.basic_ack(method.delivery_tag)


opened = channel()
if sys.argv[1] == "send":
    opened.basic_publish("", QUEUE, " ".join(sys.argv[2:]).encode())
else:
    opened.basic_qos(prefetch_count=1)
    opened.basic_consume(QUEUE, deliver)
    opened.start_consuming()

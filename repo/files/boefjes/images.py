"""Pull anew each image of the boefjes that is on this machine: all are called latest, and nothing else asks for newer.

An image that is not here is pulled by the runner when it first needs it.
"""

import contextlib
import json
from pathlib import Path

import boefjes
import docker

PLUGINS = Path(boefjes.__file__).parent.glob("plugins/*/boefje.json")

named = {json.loads(file.read_text()).get("oci_image") for file in PLUGINS}
client = docker.from_env()
for image in client.images.list():
    for name in sorted(named.intersection(image.tags)):
        new = client.images.pull(name)
        print(f"{name}: {'up to date' if new.id == image.id else 'newer, ' + new.short_id}")
        if new.id != image.id:
            with contextlib.suppress(docker.errors.APIError):  # a container still runs on it
                client.images.remove(image.id)

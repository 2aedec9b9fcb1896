"""What makes a server set itself up: accounts, databases, broker, secrets, migrations, services, health.

It runs on servers, needs nothing but what Debian ships, and knows no module by name: all that it does follows from the
descriptors in /usr/lib/PRODUCT/modules.d.
"""

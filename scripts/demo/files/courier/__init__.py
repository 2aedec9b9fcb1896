"""A small worker of the demo: takes notes from a queue and brings them to where they are kept. It has no port."""

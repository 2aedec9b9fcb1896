"""What to do about a package, in the words that every format uses. A module of its own, for publishing loads it."""

LOOK = "katpkg build --render-only DIR writes what is built, to be looked at"
"""For one that cannot be built, or came out wrong."""

AGAIN = "get it again from where it came"
"""For one that is damaged."""

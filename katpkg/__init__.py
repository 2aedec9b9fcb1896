"""katpkg: CI artifacts in, a signed apt archive and a working system out."""

__version__ = "0.1.0"

"""What publishing costs with katpkg, beside the tools that make archives without it: ``make bench-archive``."""

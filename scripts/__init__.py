"""Programs around katpkg: set-up, the demo, machines to test on, benchmarks."""

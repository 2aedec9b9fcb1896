"""The apt archive: layout, indexes, Release, and the plan of the next generation."""

"""What katpkg costs, beside what one would use without it."""

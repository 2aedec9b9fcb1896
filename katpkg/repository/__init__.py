"""What is published, and the next state of it: Publication in the middle, formats above it, stores below it."""

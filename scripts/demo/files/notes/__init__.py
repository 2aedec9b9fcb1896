"""A small service of the demo: keeps notes in PostgreSQL, for those who know the token. It takes its time to start."""

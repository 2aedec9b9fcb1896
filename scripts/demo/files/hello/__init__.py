"""A web service that says hello."""

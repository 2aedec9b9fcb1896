"""The steps that made the database what it is; a version adds to them and changes none."""

STEPS = ["CREATE TABLE note (id serial PRIMARY KEY, text text NOT NULL)"]

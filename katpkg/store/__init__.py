"""Where an archive lives, and how a Publication is carried out there."""

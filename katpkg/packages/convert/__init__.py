"""Understanding a .deb that somebody else made: what its scripts and relations mean, in words that any format has."""

"""From TOML to a Project: layers, origins, and every error at once."""

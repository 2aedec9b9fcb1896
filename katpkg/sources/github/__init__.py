"""GitHub: artifacts of workflow runs, assets of releases, and who is believed."""

"""Packages in the .rpm format. Experimental."""

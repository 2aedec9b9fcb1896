"""Repositories of RPMs, as dnf reads them. Experimental."""

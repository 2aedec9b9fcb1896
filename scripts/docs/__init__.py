"""The reference pages that the code writes itself."""

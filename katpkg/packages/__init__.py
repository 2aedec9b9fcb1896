"""From a payload to a package: PackageSpec in the middle, formats below it."""

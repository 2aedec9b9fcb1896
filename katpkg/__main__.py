"""``python -m katpkg`` and the console script ``katpkg``."""


def main() -> None:
    """Run the command line; the import is here so that a bare ``import katpkg`` stays cheap."""
    from katpkg.cli import katpkg

    katpkg()


if __name__ == "__main__":
    main()

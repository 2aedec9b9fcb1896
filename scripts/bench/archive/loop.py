"""loop.py DIRECTORY FILES: copy and hash in one pass, the least that publishing files can cost."""

import hashlib
import sys
from pathlib import Path

for name in sys.argv[2:]:
    digest = hashlib.sha256()
    with open(name, "rb", 0) as source, open(Path(sys.argv[1]) / Path(name).name, "xb", 0) as copy:  # noqa: PTH123
        while piece := source.read(1 << 20):
            digest.update(piece)
            copy.write(piece)
    print(digest.hexdigest())

"""The rules that a published archive is held to: each with its name, how bad it is to break it, and what to do then."""

from __future__ import annotations

from enum import Enum


class Level(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """Clients refuse the archive or a package, or may install what nobody meant."""
    WARNING = "warning"
    """Nothing fails yet, or only for some clients."""
    NOTE = "note"
    """Worth knowing."""


E, W, N = Level.ERROR, Level.WARNING, Level.NOTE

ASK = "ask who publishes it"
REPAIR = "katpkg verify --repair"
RESTORE = "restore it from a backup or a mirror, or publish again"
AGAIN = "publish again"
NEW_KEY = "katpkg key new makes a key that every apt takes; let both keys sign while clients change over"


class Rule(Enum):
    """A rule: its name, its level in an archive of ours and in one that others made, and what to do about it."""

    SUITE_MISSING = ("suite-missing", E, E, "publish it, or name a suite that is there")
    UNREADABLE = ("unreadable", E, E, "look at the file itself, and at who may read it")

    INRELEASE_MISSING = (
        "inrelease-missing",
        E,
        W,
        "publish InRelease: Release and its signature cannot change at once",
    )
    UNSIGNED = ("unsigned", E, E, "sign it: clients refuse what is not signed")
    CLEAR_SIGNED_FORM = ("clear-signed-form", E, E, "InRelease is one clear-signed message, and nothing around it")
    NOT_SIGNED = ("not-signed", E, E, "if somebody else wrote there, find out who; else compare the keys")
    REFUSED_BY_SQV = ("refused-by-sqv", E, E, NEW_KEY)
    RELEASE_DIFFERS = ("release-differs", W, W, REPAIR)
    RELEASE_MISSING = ("release-missing", W, N, REPAIR)
    RELEASE_GPG_WRONG = ("release-gpg-wrong", W, W, REPAIR)
    CACHED_TOO_LONG = ("cached-too-long", W, W, "serve InRelease with Cache-Control: no-cache")

    KEY_EXPIRES = ("key-expires", E, E, "extend the key, and publish the keyring package while the old one is accepted")
    KEY_EXPIRES_SOON = ("key-expires-soon", W, W, "extend the key, and publish the keyring package that has it")
    KEY_REFUSED = ("key-refused", E, E, NEW_KEY)
    KEY_WEAK = ("key-weak", W, W, NEW_KEY)
    KEY_SHA1 = ("key-sha1", E, E, "gpg --cert-digest-algo SHA512 --quick-set-expire FINGERPRINT 2y signs the key anew")

    RELEASE_MALFORMED = ("release-malformed", E, E, AGAIN)
    FIELD_MISSING = ("field-missing", E, W, AGAIN)
    SUITE_NAME = ("suite-name", W, W, "name the directory as Suite or Codename says")
    DATE_FORM = ("date-form", E, E, "write dates as in Thu, 26 Nov 2026 12:00:00 UTC")
    DATE_IN_FUTURE = ("date-in-future", E, E, "set the clock of the machine that publishes, or of this one")
    EXPIRED = ("expired", E, E, "katpkg refresh")
    EXPIRES_SOON = ("expires-soon", E, E, "katpkg refresh")
    HASH_WEAK = ("hash-weak", E, E, "list the file under SHA256")
    LISTS_ITSELF = ("lists-itself", W, W, "write Release elsewhere, and move it there when it is made")
    PATH_OUTSIDE = ("path-outside", E, E, ASK)
    PLAIN_NOT_LISTED = ("plain-not-listed", E, E, "list the uncompressed index too: apt loads nothing without it")
    NOT_IN_RELEASE = ("not-in-release", W, W, "name it in Release, or remove the directory")
    NO_INDEX = ("no-index", W, W, "publish an index for it, or take it out of Release")

    INDEX_MISSING = ("index-missing", E, W, RESTORE)
    INDEX_WRONG = ("index-wrong", E, E, RESTORE)
    BY_HASH_MISSING = ("by-hash-missing", E, E, REPAIR)
    BY_HASH_WRONG = ("by-hash-wrong", E, E, REPAIR)
    COPY_MISSING = ("copy-missing", W, W, REPAIR)
    COPY_WRONG = ("copy-wrong", W, W, REPAIR)
    INDEX_DAMAGED = ("index-damaged", E, E, AGAIN)
    FORMS_DIFFER = ("forms-differ", E, E, AGAIN)
    XZ_STREAMS = ("xz-streams", E, E, "compress the index in one go: apt 2.6 refuses more than one .xz stream")

    STANZA_MALFORMED = ("stanza-malformed", E, E, ASK)
    STANZA_INCOMPLETE = ("stanza-incomplete", E, E, ASK)
    STANZA_MISPLACED = ("stanza-misplaced", W, W, ASK)
    UNSORTED = ("unsorted", E, N, "sort stanzas by name, version and architecture")
    TWICE = ("twice", W, W, "list a package once")
    VERSION_TWICE = ("version-twice", E, E, "build one of them anew, with the next revision")
    FILENAME_OUTSIDE = ("filename-outside", E, E, ASK)
    ALL_DIFFERS = ("all-differs", E, N, AGAIN)

    PACKAGE_MISSING = ("package-missing", E, E, "restore the file from a backup or a mirror")
    PACKAGE_SIZE = ("package-size", E, E, "restore the file from a backup or a mirror")
    PACKAGE_WRONG = ("package-wrong", E, E, "find out who changed it; restore the file from a backup or a mirror")
    POOL_ORPHANS = ("pool-orphans", N, N, "katpkg prune removes them once they are old enough")
    BY_HASH_ORPHANS = ("by-hash-orphans", N, N, "katpkg prune removes them once they are old enough")

    PATCHES_MALFORMED = ("patches-malformed", E, W, AGAIN)
    PATCHES_STALE = ("patches-stale", E, W, AGAIN)
    PATCH_MISSING = ("patch-missing", E, W, RESTORE)
    PATCH_WRONG = ("patch-wrong", E, W, RESTORE)
    PATCH_FAILS = ("patch-fails", E, W, "publish with publish.patches = false, and then again with it")

    GENERATION_UNSIGNED = ("generation-unsigned", E, E, "find out who wrote it, and remove it")
    GENERATION_NAME = ("generation-name", E, E, "find out who wrote it, and remove it")
    GENERATION_BROKEN = (
        "generation-broken",
        E,
        W,
        "it cannot be gone back to, and nothing is pruned: restore the files from a backup or a mirror, or remove it",
    )

    def __init__(self, name: str, ours: Level, foreign: Level, hint: str) -> None:
        self.id = name
        self.ours = ours
        self.foreign = foreign
        self.hint = hint

    def level(self, *, is_ours: bool) -> Level:
        """How bad it is to break it."""
        return self.ours if is_ours else self.foreign

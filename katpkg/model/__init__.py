"""The nouns. Pure, frozen, standard library only; they know no file, no tool and no network."""

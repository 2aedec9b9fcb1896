"""Where artifacts come from, and how they become payloads: resolve, fetch, verify, unpack."""

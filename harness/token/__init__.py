"""Message tokens: computing them, checking them, and explaining wrong ones. Pure."""

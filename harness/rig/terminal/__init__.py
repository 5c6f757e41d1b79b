"""A person at an AT line: what is said on it, as it is said, and what may be typed."""

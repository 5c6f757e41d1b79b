"""HTTPS destinations: accepted packs on their way from the platform to somebody's endpoint."""

"""SenML packs (RFC 8428, JSON) as the platform reads and writes them. Pure."""

"""MQTT ingestion (MQTT-INGEST): it exists, and nothing else about it is described.

So broker, topics, credentials, the token's place and the way of downlinks are configuration with
assumed defaults, all of it is off unless asked for, and every uplink that comes this way is marked.
The broker is a real one that nobody here wrote; the platform is a client of it, and judges each
message as it judges the body of a request.
"""

"""Device identifiers: ``urn:dev:…`` base names, IMEI, ICCID, DvnUUID. Pure."""

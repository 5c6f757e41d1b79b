"""The mocked KPN Things platform: ingestion, downlinks, SMS centre."""

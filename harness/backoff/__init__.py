"""The back-off schedule of SMS downlinks, as a pure function of settings."""

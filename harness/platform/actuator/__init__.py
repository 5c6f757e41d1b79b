"""The Actuator API: how applications submit downlinks and look at them. No HTTP in here."""

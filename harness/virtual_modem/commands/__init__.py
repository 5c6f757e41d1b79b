"""Commands by concern; each module offers one table, a family puts tables together."""

"""Reports: HTML made from timelines and from nothing else."""

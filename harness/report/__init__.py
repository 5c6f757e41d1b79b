"""Reports: pages made from timelines and from nothing else."""

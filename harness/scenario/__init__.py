"""The scenario language: files, steps, runner, verdicts."""

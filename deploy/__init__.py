"""PUTS TOGETHER AND RUNS: settings, bootstrap, command line. Nobody imports it."""

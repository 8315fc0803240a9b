"""Takes CloudEvents over HTTP: the same desk, the same refusals as files. The answer comes after the append only."""

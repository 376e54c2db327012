"""Parts of the differential test: generated sites, scripted clients, observations."""

"""What a run leaves: trajectories, outcomes, events; plain arrays in, labelled data out."""

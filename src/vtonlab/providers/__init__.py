"""The engines as a server knows them: which there are, how they are, who may ask them for how much."""

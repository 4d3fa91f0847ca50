"""What people were angry about: concerns of a codebook, words that set a phase apart, topics."""

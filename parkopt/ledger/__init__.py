"""Records as canonical JSON in a Merkle log with signed checkpoints, and their offline check."""

"""What users write: channel classes, their names, and who may do what."""

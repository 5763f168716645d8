"""What happens to a record between source and target, one pure file each."""

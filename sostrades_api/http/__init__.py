"""What every HTTP surface shares: problems, authentication, entity tags."""

"""Study-case platform: processes of coupled disciplines, filled with data, executed and reported."""

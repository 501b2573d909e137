"""What a planner gives: the tables of schedule.toml, CSV and Excel, their values, and the site they describe."""

"""Statistical process control: charts, rules, phases, streams."""

"""What the console's dashboards read: bounded times, by the indices that there are, one grouped query per panel."""

"""Which provider carries a message and under which sender: rules, candidates, senders and prices; pure decisions."""

"""Made-up traffic: people who want codes, and pumpers who want the fee; whoever calls brings the chance."""

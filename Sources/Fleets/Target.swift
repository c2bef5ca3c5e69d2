// Fleets

DROP TABLE ended_boosts;

DROP TABLE point_balances;

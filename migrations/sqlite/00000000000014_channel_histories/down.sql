DROP TABLE channel_histories;

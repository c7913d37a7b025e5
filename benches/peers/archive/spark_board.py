"""The leaderboards of an archive by Spark: a line for each guild and user."""

import sys

from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.ui.enabled", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
spark.read.parquet(sys.argv[1] + "/messages").createOrReplaceTempView("messages")
rows = spark.sql(
    """
    SELECT guild_id, user_id, count(*) AS messages
    FROM messages
    WHERE kind IN (0, 19, 20, 23) AND bot IS NOT TRUE
    GROUP BY guild_id, user_id
    """
).collect()
print("\n".join(sorted(f"{row.guild_id},{row.user_id},{row.messages}" for row in rows)))

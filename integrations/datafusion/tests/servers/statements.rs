//! Ten queries over the files of the tests; `@` stands for the URL of their directory.

pub(crate) const QUERIES: [&str; 10] = [
    "SELECT count(*), sum(temperature), min(day), max(day), count(rain) FROM '@/parquet/*.parquet'",
    "SELECT station, count(*), avg(temperature) FROM '@/parquet/' GROUP BY station ORDER BY station",
    "SELECT station, day, temperature FROM '@/csv/*.csv' WHERE temperature > 390 ORDER BY day, station",
    "SELECT p.station, count(*) FROM '@/parquet/*.parquet' p JOIN '@/csv/*.csv' c \
     ON p.station = c.station AND p.day = c.day GROUP BY p.station ORDER BY 1",
    "SELECT * FROM (SELECT station, day, rank() OVER (PARTITION BY station ORDER BY temperature DESC, day) AS place \
     FROM '@/parquet/*.parquet') WHERE place <= 2 ORDER BY station, place",
    "SELECT day % 7 AS weekday, sum(rain), count(*) FROM '@/csv/' GROUP BY weekday ORDER BY weekday",
    "SELECT count(DISTINCT note), count(DISTINCT station) FROM '@/csv/*.csv'",
    "SELECT 'csv', count(*) FROM '@/csv/0?.csv' UNION ALL SELECT 'parquet', count(*) FROM '@/parquet/1[0-5].parquet' \
     ORDER BY 1",
    "WITH highest AS (SELECT station, max(temperature) AS most FROM '@/parquet/*.parquet' GROUP BY station) \
     SELECT p.station, min(p.day), most FROM '@/parquet/*.parquet' p JOIN highest h ON p.station = h.station \
     AND p.temperature = h.most GROUP BY p.station, most ORDER BY p.station",
    "SELECT day, upper(note), length(note) FROM '@/csv/03.csv' WHERE note LIKE '%7%' ORDER BY day LIMIT 9",
];

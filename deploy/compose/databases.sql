-- Run by PostgreSQL's image on an empty volume, beside the database that POSTGRES_DB makes (Dagster's).
CREATE DATABASE gpb_warehouse;

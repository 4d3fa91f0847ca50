-- How old the account was when it posted, as the lower bound of a class: 0, 7, 30 or 365 days; NULL: not told.
-- No finer: the day on which an account was made tells many people apart.
ALTER TABLE post ADD COLUMN account_days SMALLINT;

-- From version 1 to 2: blocks of keys that are written from now on have a sketch, by which planning passes over them.
ALTER TABLE @key_block ADD COLUMN sketch BYTEA;
